from awscli_lib import *


def images(aws):
    make(aws, "ecr", EAST, kind="repository", name="cli/web", images=[{"tag": "41", "digest": "sha256:aa"}],
         replication=[{"region": WEST, "registryId": "123456789012", "status": "COMPLETE"}])
    one = ("--repository-name", "cli/web")
    equal(aws(EAST, "ecr", "describe-images", *one)["imageDetails"][0]["imageTags"], ["41"])
    equal(aws(EAST, "ecr", "describe-images", *one, "--image-ids", "imageTag=41")["imageDetails"][0]["imageDigest"], "sha256:aa")
    refused("ImageNotFoundException", aws, EAST, "ecr", "describe-images", *one, "--image-ids", "imageTag=42")
    refused("RepositoryNotFoundException", aws, WEST, "ecr", "describe-images", *one)
    found = aws(EAST, "ecr", "describe-repositories", "--repository-names", "cli/web")["repositories"]
    equal(found[0]["repositoryUri"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/cli/web")
    copies = aws(EAST, "ecr", "describe-image-replication-status", *one, "--image-id", "imageTag=41")["replicationStatuses"]
    equal((copies[0]["region"], copies[0]["status"]), (WEST, "COMPLETE"))


GROUPS = [images]
