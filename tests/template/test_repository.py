"""The metadata for the AWS Serverless Application Repository."""

import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from wxlive_local.paths import MONITORING, ROOT, TEMPLATE

if TYPE_CHECKING:
    from pathlib import Path

    from support.template import ParsedTemplate

KEY = "AWS::ServerlessRepo::Application"
PATTERNS = {
    "Name": r"[a-zA-Z0-9\-]{1,140}",
    "Description": r".{1,256}",
    "Author": r"(?=.{1,127}$)[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?",
    "SemanticVersion": r"\d+\.\d+\.\d+",
}
"""What AWS accepts: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html"""
LABEL = r"[a-zA-Z0-9+\-_:/@]{1,127}"


@pytest.fixture(params=["template", "monitoring"])
def application(
    request: pytest.FixtureRequest, template: "ParsedTemplate", monitoring: "ParsedTemplate"
) -> tuple[dict[str, Any], "Path"]:
    """The metadata of each application, and the folder of its template."""
    parsed, path = {"template": (template, TEMPLATE), "monitoring": (monitoring, MONITORING)}[
        request.param
    ]
    return parsed.metadata[KEY], path.parent


def test_the_repository_accepts_the_metadata(
    application: tuple[dict[str, Any], "Path"],
) -> None:
    metadata, _ = application

    assert {n for n, p in PATTERNS.items() if not re.fullmatch(p, str(metadata[n]))} == set()
    assert 1 <= len(metadata["Labels"]) <= 10
    assert all(re.fullmatch(LABEL, label) for label in metadata["Labels"])


def test_the_metadata_name_the_projects_own_licence_page_and_version(
    application: tuple[dict[str, Any], "Path"],
) -> None:
    metadata, folder = application
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert metadata["SpdxLicenseId"] == project["license"]
    assert metadata["SemanticVersion"] == project["version"]
    assert (folder / metadata["LicenseUrl"]).resolve() == ROOT / "LICENSE"
    assert (folder / metadata["ReadmeUrl"]).resolve() == ROOT / project["readme"]


def test_the_nested_application_has_a_name_of_its_own(
    template: "ParsedTemplate", monitoring: "ParsedTemplate"
) -> None:
    names = [parsed.metadata[KEY]["Name"] for parsed in (template, monitoring)]

    assert names == ["wxlive", "wxlive-monitoring"]
