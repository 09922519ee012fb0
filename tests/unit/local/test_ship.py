"""What `sam build` built is prepared for Lambda."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from wxlive.errors import Misconfigured
from wxlive_local import ship


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for file in (
        "Layer/python/cffi/model.py",
        "Layer/python/aws_lambda_powertools/event_handler/api.py",
        "Layer/python/aws_lambda_powertools/logging.py",
        "Function/wxlive_callback/handler.py",
        "template.yaml",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    return tmp_path


def test_what_is_never_imported_is_removed_and_the_rest_is_compiled(built: Path) -> None:
    ship.make_fit(built)

    compiled = {path.name.split(".")[0] for path in built.rglob("*.pyc")}
    assert compiled == {"logging", "handler"}
    assert not list(built.rglob("cffi"))
    assert not list(built.rglob("event_handler"))


def test_another_python_version_than_that_of_the_functions_is_refused(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "_LAMBDA_VERSION", (3, 12))
    with pytest.raises(Misconfigured, match="by Python 3"):
        ship.make_fit(built)


@pytest.mark.parametrize("name", ship.LEFT_OUT)
def test_what_is_left_out_exists(name: str) -> None:
    """Otherwise a package was renamed or removed, and the list is out of date."""
    top, *_ = name.split("/")
    spec = find_spec(top)
    assert spec is not None
    assert spec.origin is not None
    assert (Path(spec.origin).parents[1] / name).is_dir()
