"""The list of jobs: filters, pages, and what comes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.seeds import MANY

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from client.api import Api
    from tests.browser.pages import Visitor
    from tests.browser.seeds import Seeds

PAGE = 25


def test_filters_by_status_and_task(user: Visitor, seeds: Seeds) -> None:
    """Only jobs that fit are listed; the address keeps the filters, so a reload and a link do as well."""
    user.visit("jobs")
    user.page.get_by_label("Status").select_option("partial")
    expect(_rows(user)).to_have_count(1)
    expect(_row(user, seeds.partial)).to_be_visible()
    user.page.get_by_label("Task").select_option("evaluate")
    expect(user.page.get_by_text("No job fits these filters")).to_be_visible()
    user.page.reload()
    expect(user.page.get_by_label("Task")).to_have_value("evaluate")
    user.page.get_by_role("link", name="Clear").click()
    expect(_rows(user)).to_have_count(PAGE)


def test_older_jobs_come_page_by_page(user: Visitor, seeds: Seeds) -> None:
    """More are shown below, none of them twice, down to the oldest."""
    user.visit("jobs?task=summarise")
    expect(_rows(user)).to_have_count(PAGE)
    user.page.get_by_role("button", name="Show more").click()
    expect(_rows(user)).not_to_have_count(PAGE)
    expect(user.page.get_by_role("button", name="Show more")).to_be_hidden()
    ids = _rows(user).evaluate_all("(rows) => rows.map((row) => row.dataset.job)")
    assert len(ids) == len(set(ids)) > MANY
    assert ids == sorted(ids, reverse=True)


def test_a_row_leads_to_its_job(user: Visitor, seeds: Seeds) -> None:
    """By its link, which the keyboard reaches; going back finds the list as it was filtered."""
    user.visit("jobs?status=failed")
    _row(user, seeds.failed).get_by_role("link").focus()
    user.page.keyboard.press("Enter")
    expect(user.heading("Extract")).to_be_visible()
    user.page.go_back()
    expect(_row(user, seeds.failed)).to_be_visible()
    expect(user.page.get_by_label("Status")).to_have_value("failed")


def test_a_new_job_comes_by_itself(user: Visitor, seeds: Seeds, direct: Api) -> None:
    """What others hand in appears without a reload."""
    user.page.clock.install()
    user.visit("jobs?task=evaluate")
    expect(_row(user, seeds.playbook)).to_be_visible()
    ticket = direct.submit("evaluate", {"document": {"text": "A fee is due."}, "criteria": ["A fee is due."]})
    user.page.clock.fast_forward(10_000)
    expect(_row(user, ticket["job_id"])).to_be_visible()


def _rows(user: Visitor) -> Locator:
    return user.page.get_by_role("table", name="Jobs").locator("tbody tr")


def _row(user: Visitor, job_id: str) -> Locator:
    return user.page.locator(f'[data-job="{job_id}"]')
