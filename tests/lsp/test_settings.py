from pathlib import Path

from hwlint.lsp.settings import Settings, read_settings


def test_what_is_given_is_taken():
    given = {"devices": ["h100"], "python": ".venv", "inlayHints": "costs", "codeLens": False}
    settings, wrong = read_settings(given)
    assert settings == Settings(
        devices=("h100",), python=Path(".venv"), inlay_hints="costs", code_lens=False
    )
    assert wrong == ()


def test_what_is_wrong_is_said_and_counts_as_not_given():
    settings, wrong = read_settings({"devices": "h100", "inlayHints": "all", "path": "x"})
    assert settings == Settings()
    assert len(wrong) == 2
    assert "hwlint.devices: 'h100'" in wrong[0]


def test_no_settings_are_no_fault():
    assert read_settings(None) == (Settings(), ())
