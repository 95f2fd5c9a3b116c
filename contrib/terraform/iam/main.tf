# Two roles of an app: evac-observe-APP, which the controller has all the time, and evac-act-APP, which it
# assumes (packs = { aws = { role_arn = "..."; }; }) when it may change something.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "app" { type = string }
variable "permissions_file" {
  description = "Made by: evac drivers --iam APP --config DIR > FILE"
  type        = string
}
variable "change_regions" { type = list(string) }
variable "trusted" { type = list(string) }
variable "external_id" {
  type    = string
  default = ""
}
variable "permissions_boundary" {
  type    = string
  default = null
}

module "policies" {
  source         = "../policies"
  app            = var.app
  permissions    = file(var.permissions_file)
  change_regions = var.change_regions
  trusted        = var.trusted
  external_id    = var.external_id
}

resource "aws_iam_role" "observe" {
  name                 = "evac-observe-${var.app}"
  description          = "evac looks at ${var.app}, and changes nothing"
  assume_role_policy   = module.policies.trust
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "observe" {
  name   = "look"
  role   = aws_iam_role.observe.id
  policy = module.policies.observe
}

resource "aws_iam_role" "act" {
  name                 = "evac-act-${var.app}"
  description          = "evac moves ${var.app} between its regions"
  assume_role_policy   = module.policies.trust
  permissions_boundary = var.permissions_boundary
  max_session_duration = 43200
}

resource "aws_iam_role_policy" "act" {
  name   = "move"
  role   = aws_iam_role.act.id
  policy = module.policies.act
}

output "observe_role_arn" { value = aws_iam_role.observe.arn }
output "act_role_arn" { value = aws_iam_role.act.arn }
