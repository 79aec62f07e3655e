"""A dossier opened and printed by Chromium, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.connectable import Connectable

from .conftest import prove, sentence

CHROMIUM = next((each for each in ("chromium", "chromium-browser", "google-chrome") if shutil.which(each)), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: the dossier was not opened in a browser"),
]


def browser(folder: Path, *options: str) -> str:
    """Run the browser without a network, and return what it logged, such as violations of the page's policy."""
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}", *options,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603
    return done.stderr


@pytest.fixture
def page(stack: Connectable, tmp_path: Path) -> Path:
    """A dossier with words in three scripts."""
    sentence(stack, tmp_path)
    file = tmp_path / "dossier.html"
    assert prove(stack, "-o", str(file), "--show-texts").exit_code == 0
    return file


def test_its_own_policy_allows_the_whole_page(page: Path, tmp_path: Path) -> None:
    """A style whose digest were wrong would be refused, and logged."""
    logged = browser(tmp_path, f"--screenshot={tmp_path / 'page.png'}", page.as_uri())
    assert (tmp_path / "page.png").stat().st_size > 10_000
    assert "CONSOLE" not in logged


def test_it_prints_with_page_numbers_and_the_masked_number(page: Path, tmp_path: Path) -> None:
    """And with every script."""
    pdf = tmp_path / "dossier.pdf"
    browser(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={pdf}", page.as_uri())
    assert pdf.read_bytes().startswith(b"%PDF-")
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("no pdftotext: the printed text was not read")
    command = [reader, "-layout", str(pdf), "-"]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603
    assert "Page 1 of" in text
    assert "Consent record of +1425•••0182" in text
    assert "May this person be texted?" in text
    assert "谢谢" in text
