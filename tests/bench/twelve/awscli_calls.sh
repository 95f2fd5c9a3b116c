#!/usr/bin/env bash
# The twelve calls by awscli, as a script of an on-call team has them: awscli_calls.sh ENDPOINT
set -eu -o pipefail
aws() { command "${AWS_COMMAND:-aws}" --endpoint-url "$endpoint" --output json "$@"; }
endpoint=$1 from=us-east-1 to=us-west-2
other=$(aws --region $from rds describe-global-clusters --global-cluster-identifier shop-db \
  --query 'GlobalClusters[0].GlobalClusterMembers[?!IsWriter].DBClusterArn | [0]' --output text)
aws --region $from rds failover-global-cluster --global-cluster-identifier shop-db --target-db-cluster-identifier "$other" >/dev/null
aws --region $to ecs update-service --cluster shop --service web --desired-count 6 >/dev/null
aws --region $to ecs update-service --cluster shop --service worker --desired-count 2 >/dev/null
aws --region $to autoscaling update-auto-scaling-group --auto-scaling-group-name shop-batch --min-size 0 --max-size 10 --desired-capacity 3
aws --region $to autoscaling update-auto-scaling-group --auto-scaling-group-name shop-extra --min-size 0 --max-size 10 --desired-capacity 3
change=$(aws --region us-east-1 route53 change-resource-record-sets --hosted-zone-id Z0SHOP --query ChangeInfo.Id --output text --change-batch \
  '{"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"api.shop.example.com","Type":"A","TTL":60,"ResourceRecords":[{"Value":"192.0.2.2"}]}}]}')
aws --region us-east-1 route53 get-change --id "$change" >/dev/null
rules=$(aws --region $to s3api get-bucket-replication --bucket shop-assets-usw2 --query ReplicationConfiguration)
aws --region $to s3api put-bucket-replication --bucket shop-assets-usw2 --replication-configuration "$rules"
aws --region $to dynamodb describe-table --table-name shop-carts >/dev/null
aws --region $to sns publish --topic-arn arn:aws:sns:$to:123456789012:oncall --message "twelve moved to $to" >/dev/null
