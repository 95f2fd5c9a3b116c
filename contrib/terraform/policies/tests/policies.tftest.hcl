# terraform test: the split is right, and nothing that a failover must not do is in it.
variables {
  app     = "shop"
  trusted = ["arn:aws:iam::111122223333:role/evac-controller"]
  permissions = jsonencode({
    app = "shop"
    policies = [
      { name = "evac-observe", role = "observe", part = 1, parts = 1, document = {
        Version   = "2012-10-17"
        Statement = [{ Sid = "Look1", Effect = "Allow", Action = ["ecs:DescribeServices"], Resource = ["*"] }]
      } },
      { name = "evac-act-shop-1", role = "act", part = 1, parts = 2, document = {
        Version   = "2012-10-17"
        Statement = [{ Sid = "Look1", Effect = "Allow", Action = ["ecs:DescribeServices"], Resource = ["*"] }]
      } },
      { name = "evac-act-shop-2", role = "act", part = 2, parts = 2, document = {
        Version = "2012-10-17"
        Statement = [{ Sid = "Change1", Effect = "Allow", Action = ["ecs:UpdateService"],
        Resource = ["arn:aws:ecs:us-west-2:111122223333:service/shop/web"] }]
      } },
    ]
    notes = []
  })
}

run "observing_changes_nothing" {
  command = plan
  assert {
    condition     = jsonencode([for d in output.observe : jsondecode(d).Statement[*].Sid]) == jsonencode([["Look1"]])
    error_message = "the observing role may change something"
  }
}

run "acting_has_all_parts_and_never_all" {
  command = plan
  assert {
    condition     = jsonencode(keys(output.act)) == jsonencode(["evac-act-shop-1", "evac-act-shop-2", "evac-never-shop"])
    error_message = "a part is missing"
  }
  assert {
    condition     = jsondecode(output.act["evac-never-shop"]).Statement[0].Effect == "Deny"
    error_message = "nothing is denied"
  }
  assert {
    condition     = !contains(jsondecode(output.act["evac-never-shop"]).Statement[0].Action, "iam:PassRole")
    error_message = "backups could not be restored"
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
