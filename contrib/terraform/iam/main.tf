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
  description = "Made by: evac iam APP --account NUMBER --config DIR > FILE"
  type        = string
}
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
  source      = "../policies"
  app         = var.app
  permissions = file(var.permissions_file)
  trusted     = var.trusted
  external_id = var.external_id
}

resource "aws_iam_role" "observe" {
  name                 = "evac-observe-${var.app}"
  description          = "evac looks at ${var.app}, and changes nothing"
  assume_role_policy   = module.policies.trust
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_policy" "observe" {
  for_each = module.policies.observe
  name     = "${each.key}-${var.app}"
  policy   = each.value
}

resource "aws_iam_role_policy_attachment" "observe" {
  for_each   = aws_iam_policy.observe
  role       = aws_iam_role.observe.name
  policy_arn = each.value.arn
}

resource "aws_iam_role" "act" {
  name                 = "evac-act-${var.app}"
  description          = "evac moves ${var.app} between its regions"
  assume_role_policy   = module.policies.trust
  permissions_boundary = var.permissions_boundary
  max_session_duration = 43200
}

resource "aws_iam_policy" "act" {
  for_each = module.policies.act
  name     = each.key
  policy   = each.value
}

resource "aws_iam_role_policy_attachment" "act" {
  for_each   = aws_iam_policy.act
  role       = aws_iam_role.act.name
  policy_arn = each.value.arn
}

output "observe_role_arn" { value = aws_iam_role.observe.arn }
output "act_role_arn" { value = aws_iam_role.act.arn }
