# What evac may do, computed: no provider, no account, nothing is made. iam/ makes roles of it.

variable "app" {
  description = "The app's name, as its configuration has it"
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,62}$", var.app))
    error_message = "an app's name is lower case letters, digits and '-'"
  }
}

variable "permissions" {
  description = "What 'evac iam APP' prints: the least rights that the app needs"
  type        = string
  validation {
    condition     = can(jsondecode(var.permissions).policies[0].document.Statement[0].Action)
    error_message = "these are no policies: give file(\"shop.permissions.json\"), made by 'evac iam shop'"
  }
}

variable "trusted" {
  description = "ARNs that may assume the roles: the instance profiles or Roles Anywhere roles of the controllers"
  type        = list(string)
}

variable "external_id" {
  description = "Asked for when a role is assumed from another account; empty: none"
  type        = string
  default     = ""
}

locals {
  policies = jsondecode(var.permissions).policies
  act      = [for p in local.policies : p if p.role == "act"]
  changes  = flatten([for p in local.act : [for s in p.document.Statement : s.Action if startswith(s.Sid, "Change")]])

  # A failover does none of these, whatever other policies come to stand beside its own.
  never = [
    "iam:CreateUser", "iam:CreateRole", "iam:CreateAccessKey", "iam:CreatePolicy*", "iam:Put*", "iam:Attach*",
    "iam:Add*", "iam:Update*", "iam:Delete*", "organizations:*", "account:*",
    "kms:ScheduleKeyDeletion", "kms:DisableKey",
    "rds:DeleteGlobalCluster", "s3:DeleteBucket", "backup:DeleteBackupVault", "route53:DeleteHostedZone",
  ]
}

output "observe" {
  description = "For the controller all the time, by name: it looks, and writes the markers that it measures by"
  value       = { for p in local.policies : p.name => jsonencode(p.document) if p.role == "observe" }
}

output "act" {
  description = "For runs, by name: what it looks at and what it changes, and what nobody may"
  value = merge(
    { for p in local.act : p.name => jsonencode(p.document) },
    { "evac-never-${var.app}" = jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Sid = "Never", Effect = "Deny", Action = local.never, Resource = "*" }]
    }) },
  )
}

output "trust" {
  description = "Who may assume the roles"
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Sid       = "Controllers"
        Effect    = "Allow"
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Principal = { AWS = var.trusted }
      },
      var.external_id == "" ? {} : {
        Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
      },
    )]
  })
}

output "changes" {
  description = "Every action that may change something: for a reviewer's eye"
  value       = sort(distinct(local.changes))
}
