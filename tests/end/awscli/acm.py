from awscli_lib import *


def certificates(aws):
    make(aws, "acm", WEST, kind="certificate", name="cli-1", DomainName="cli.example.com", days=90)
    make(aws, "acm", WEST, kind="certificate", name="cli-2", DomainName="cli.example.com", KeyAlgorithm="EC_prime256v1")

    def listed(*more):
        found = aws(WEST, "acm", "list-certificates", *more)["CertificateSummaryList"]
        return [c["CertificateArn"].split("/")[-1] for c in found if c["DomainName"] == "cli.example.com"]
    equal(listed(), ["cli-1"])
    equal(listed("--includes", "keyTypes=RSA_2048,EC_prime256v1"), ["cli-1", "cli-2"])
    equal(listed("--certificate-statuses", "EXPIRED"), [])
    arn = "arn:aws:acm:us-west-2:123456789012:certificate/cli-1"
    equal(aws(WEST, "acm", "describe-certificate", "--certificate-arn", arn)["Certificate"]["Status"], "ISSUED")
    refused("ResourceNotFoundException", aws, EAST, "acm", "describe-certificate", "--certificate-arn", arn)


GROUPS = [certificates]
