# terraform test: the split is right, and nothing that a failover must not do is in it.
variables {
  app            = "shop"
  change_regions = ["us-west-2", "eu-west-1"]
  trusted        = ["arn:aws:iam::111122223333:role/evac-controller"]
  permissions = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "EcsLook", Effect = "Allow", Action = ["ecs:DescribeServices"], Resource = "*" },
      { Sid = "EcsChange", Effect = "Allow", Action = ["ecs:UpdateService"], Resource = "*" },
    ]
  })
}

run "observing_changes_nothing" {
  command = plan
  assert {
    condition     = jsonencode(jsondecode(output.observe).Statement[*].Sid) == jsonencode(["EcsLook"])
    error_message = "the observing role may change something"
  }
}

run "acting_is_bound_to_the_regions" {
  command = plan
  assert {
    condition     = jsonencode([for s in jsondecode(output.act).Statement : s.Condition.StringEquals["aws:RequestedRegion"] if s.Sid == "EcsChange"][0]) == jsonencode(["us-west-2", "eu-west-1"])
    error_message = "a change is allowed in other regions"
  }
  assert {
    condition     = contains([for s in jsondecode(output.act).Statement : s.Effect if s.Sid == "Never"], "Deny")
    error_message = "nothing is denied"
  }
  assert {
    condition     = jsonencode(output.changes) == jsonencode(["ecs:UpdateService"])
    error_message = "the reviewer is not told every change"
  }
}

run "another_account_is_asked_for_its_id" {
  command = plan
  variables {
    external_id = "e-1"
  }
  assert {
    condition     = jsondecode(output.trust).Statement[0].Condition.StringEquals["sts:ExternalId"] == "e-1"
    error_message = "the external id is not asked for"
  }
}

run "what_is_no_policy_is_refused" {
  command = plan
  variables {
    permissions = "{}"
  }
  expect_failures = [var.permissions]
}
