from awscli_lib import *


def keys(aws):
    for region in (EAST, WEST):
        make(aws, "kms", region, kind="key", name="mrk-cli", primary=EAST, regions=[EAST, WEST])

    def now(region):
        return aws(region, "kms", "describe-key", "--key-id", "mrk-cli")["KeyMetadata"]
    equal(now(WEST)["MultiRegionConfiguration"]["MultiRegionKeyType"], "REPLICA")
    refused("UnsupportedOperationException", aws, WEST, "kms", "update-primary-region", "--key-id", "mrk-cli",
            "--primary-region", WEST)
    aws(EAST, "kms", "update-primary-region", "--key-id", "mrk-cli", "--primary-region", WEST)
    until(lambda: now(WEST)["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == WEST)
    equal(now(EAST)["KeyState"], "Enabled")
    refused("NotFoundException", aws, WEST, "kms", "describe-key", "--key-id", "nobody")


GROUPS = [keys]
