# The switch that moves traffic without Route 53's API (drivers/aws/s3_go/README.md): a bucket a region for
# copies of the GO object, of which the standby's is read by an inverted health check, and a failover pair of
# records. The check finds "route":"<standby>" in the standby's copy: then the primary is unhealthy, and Route 53
# answers the secondary. Copy unreachable, or another route: traffic stays. A standby's outage moves nobody.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.0"
      configuration_aliases = [aws.primary, aws.standby]
    }
  }
}

variable "app" { type = string }
variable "primary_region" { type = string }
variable "standby_region" { type = string }
variable "key" {
  description = "Of the GO object: the s3-go resource's key"
  type        = string
}
variable "buckets" {
  description = "Bucket of each region's copy: the s3-go resource's buckets"
  type        = object({ primary = string, standby = string })
}
variable "zone_id" { type = string }
variable "name" {
  description = "The app's public name"
  type        = string
}
variable "primary_alias" {
  description = "Load balancer of the primary region"
  type        = object({ name = string, zone_id = string })
}
variable "standby_alias" {
  description = "Load balancer of the standby region"
  type        = object({ name = string, zone_id = string })
}

resource "aws_s3_bucket" "primary" {
  provider = aws.primary
  bucket   = var.buckets.primary
}

resource "aws_s3_bucket" "standby" {
  provider = aws.standby
  bucket   = var.buckets.standby
}

resource "aws_s3_bucket_versioning" "primary" {
  provider = aws.primary
  bucket   = aws_s3_bucket.primary.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_versioning" "standby" {
  provider = aws.standby
  bucket   = aws_s3_bucket.standby.id
  versioning_configuration {
    status = "Enabled"
  }
}

# Health checkers send no credentials: this one object is public, and says nothing that is secret.
resource "aws_s3_bucket_public_access_block" "standby" {
  provider                = aws.standby
  bucket                  = aws_s3_bucket.standby.id
  block_public_acls       = true
  ignore_public_acls      = true
  block_public_policy     = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "standby" {
  provider = aws.standby
  bucket   = aws_s3_bucket.standby.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CheckersReadTheGoObject"
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.standby.arn}/${var.key}"
    }]
  })
  depends_on = [aws_s3_bucket_public_access_block.standby]
}

# Made once; from then on evac alone changes it, by compare-and-set.
resource "aws_s3_object" "primary" {
  provider     = aws.primary
  bucket       = aws_s3_bucket.primary.id
  key          = var.key
  content_type = "application/json"
  content      = local.go
  lifecycle {
    ignore_changes = all
  }
}

resource "aws_s3_object" "standby" {
  provider     = aws.standby
  bucket       = aws_s3_bucket.standby.id
  key          = var.key
  content_type = "application/json"
  content      = local.go
  lifecycle {
    ignore_changes = all
  }
}

locals {
  go = "{\"app\":\"${var.app}\",\"epoch\":1,\"writer\":\"${var.primary_region}\",\"route\":\"${var.primary_region}\",\"renew_ms\":30000,\"run\":\"\"}"
}

resource "aws_route53_health_check" "moved" {
  type               = "HTTPS_STR_MATCH"
  fqdn               = aws_s3_bucket.standby.bucket_regional_domain_name
  port               = 443
  resource_path      = "/${var.key}"
  search_string      = "\"route\":\"${var.standby_region}\""
  invert_healthcheck = true
  request_interval   = 10
  failure_threshold  = 1
  measure_latency    = false
  tags               = { Name = "evac-${var.app}-moved" }
}

resource "aws_route53_record" "primary" {
  zone_id         = var.zone_id
  name            = var.name
  type            = "A"
  set_identifier  = var.primary_region
  health_check_id = aws_route53_health_check.moved.id
  failover_routing_policy {
    type = "PRIMARY"
  }
  alias {
    name                   = var.primary_alias.name
    zone_id                = var.primary_alias.zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "standby" {
  zone_id        = var.zone_id
  name           = var.name
  type           = "A"
  set_identifier = var.standby_region
  failover_routing_policy {
    type = "SECONDARY"
  }
  alias {
    name                   = var.standby_alias.name
    zone_id                = var.standby_alias.zone_id
    evaluate_target_health = false
  }
}

output "health_check_id" { value = aws_route53_health_check.moved.id }
