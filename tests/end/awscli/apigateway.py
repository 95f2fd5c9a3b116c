from awscli_lib import *


def mappings(aws):
    make(aws, "apigateway", WEST, kind="domain", name="api.example.com")
    make(aws, "apigateway", WEST, kind="base-path", name="api.example.com/v1", restApiId="old")
    make(aws, "apigateway", WEST, kind="mapping", name="api.example.com/m1", apiId="old")
    equal(aws(WEST, "apigateway", "get-domain-name", "--domain-name", "api.example.com")["domainNameStatus"], "AVAILABLE")
    path = ("--domain-name", "api.example.com", "--base-path", "v1")
    equal(aws(WEST, "apigateway", "get-base-path-mapping", *path)["restApiId"], "old")
    patch = ("apigateway", "update-base-path-mapping", *path, "--patch-operations")
    equal(aws(WEST, *patch, "op=replace,path=/restapiId,value=new")["restApiId"], "new")
    refused("BadRequestException", aws, WEST, *patch, "op=replace,path=/nothing,value=new")
    one = ("--domain-name", "api.example.com", "--api-mapping-id", "m1")
    equal(aws(WEST, "apigatewayv2", "get-api-mapping", *one)["ApiId"], "old")
    equal(aws(WEST, "apigatewayv2", "update-api-mapping", *one, "--api-id", "new")["ApiId"], "new")
    refused("NotFoundException", aws, WEST, "apigateway", "get-domain-name", "--domain-name", "nobody.example.com")


GROUPS = [mappings]
