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
  description = "What 'evac drivers --iam APP' prints: the least that the app's plans need"
  type        = string
  validation {
    condition     = can(jsondecode(var.permissions).Statement[0].Action)
    error_message = "this is no policy: give file(\"shop.permissions.json\"), made by 'evac drivers --iam shop'"
  }
}

variable "change_regions" {
  description = "Regions in which something may be changed: those of the app, and its witness. Services without a region need us-east-1 too"
  type        = list(string)
  validation {
    condition     = length(var.change_regions) > 0
    error_message = "name the app's regions"
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
  statements = jsondecode(var.permissions).Statement
  look       = [for s in local.statements : s if endswith(s.Sid, "Look")]
  change     = [for s in local.statements : s if endswith(s.Sid, "Change")]

  # A failover deletes nothing of these, whatever is asked of it.
  never = [
    "iam:*", "organizations:*", "account:*",
    "kms:ScheduleKeyDeletion", "kms:DisableKey",
    "rds:DeleteDBCluster", "rds:DeleteGlobalCluster", "rds:DeleteDBInstance",
    "dynamodb:DeleteTable", "s3:DeleteBucket", "backup:DeleteBackupVault",
    "route53:DeleteHostedZone",
  ]
}

output "observe" {
  description = "For the controller all the time: it looks, and changes nothing"
  value = jsonencode({
    Version   = "2012-10-17"
    Statement = local.look
  })
}

output "act" {
  description = "For runs: what it looks at and what it changes, in the app's regions only"
  value = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.look,
      [for s in local.change : merge(s, {
        Condition = { StringEquals = { "aws:RequestedRegion" = var.change_regions } }
      })],
      [{ Sid = "Never", Effect = "Deny", Action = local.never, Resource = "*" }],
    )
  })
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
  value       = sort(distinct(flatten([for s in local.change : s.Action])))
}
