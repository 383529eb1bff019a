"""Nobody comes in unseen, and nothing is done in somebody's name from elsewhere."""

from datetime import timedelta

import pytest

from tests.web.visitor import Visitor, application
from web.security import COOKIE

ADMINISTRATOR = "jimukyoku-sys1"
PLACES = (
    "/",
    "/search",
    "/intake",
    "/tasks/1",
    "/cases/1",
    "/reports/stuck",
    "/reports/stuck.csv",
    "/admin/staff",
    "/account",
)


@pytest.mark.parametrize("place", PLACES)
def test_every_page_asks_who_is_there(visit, place):
    assert visit().opens(place).title().startswith("入る")


def test_the_door_leads_back_to_where_one_was_going(visit):
    visitor = visit().opens("/search")
    visitor.presses("入る", login="hokatsu-uke1", password="tsunagi-demo-2026")
    assert visitor.title().startswith("さがす")


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "/\\example.org"])
def test_the_door_never_leads_to_another_site(visit, elsewhere):
    visitor = visit()
    visitor.opens(f"/sign-in?back={elsewhere}")
    assert (
        visitor.presses("入る", login="hokatsu-uke1", password="tsunagi-demo-2026")
        .title()
        .startswith("受信箱")
    )


def test_a_wrong_password_and_a_wrong_name_are_told_alike(visit):
    wrong = visit().signs_in("hokatsu-uke1", "wrong-password")
    unknown = visit().signs_in("nobody-at-all", "wrong-password")
    assert wrong.answer.status_code == unknown.answer.status_code == 401
    assert wrong.text().replace("hokatsu-uke1", "") == unknown.text().replace("nobody-at-all", "")


def test_five_wrong_tries_lock_the_account_for_a_while(visit, town):
    visitor = visit()
    for _ in range(5):
        visitor.signs_in("hokatsu-uke1", "wrong-password")
    assert "入れません" in visitor.signs_in("hokatsu-uke1").text()
    town.now += timedelta(minutes=16)
    assert visitor.signs_in("hokatsu-uke1").title().startswith("受信箱")


def test_an_administrator_lifts_a_lock_and_gives_a_password_for_one_day(visit):
    visitor = visit()
    for _ in range(5):
        visitor.signs_in("hokatsu-uke1", "wrong-password")
    admin = visit(ADMINISTRATOR).opens("/admin/staff?search=hokatsu-uke1")
    admin.opens(admin.page.xpath("//table//a/@href")[0]).presses("ロックを解除する")
    password = admin.presses("パスワードを再設定する").page.xpath("string(//code)")
    assert visitor.signs_in("hokatsu-uke1", password).title().startswith("パスワードを変える")
    assert visitor.opens("/").title().startswith("パスワードを変える")
    visitor.presses("パスワードを変える", old=password, new="a-new-long-word", again="a-new-long-word")
    assert visitor.opens("/").title().startswith("受信箱")


def test_a_session_ends_when_idle(visit, town):
    visitor = visit("hokatsu-uke1")
    town.now += timedelta(minutes=29)
    assert visitor.opens("/").title().startswith("受信箱")
    town.now += timedelta(minutes=29)
    assert visitor.opens("/").title().startswith("受信箱")
    town.now += timedelta(minutes=31)
    assert visitor.opens("/").title().startswith("入る")


def test_who_presses_a_button_too_late_is_told_that_her_words_are_kept(visit, town):
    visitor = visit("hokatsu-uke1").opens("/intake")
    town.now += timedelta(minutes=31)
    visitor.presses("受け付ける")
    assert visitor.answer.status_code == 401
    assert "入力は残っています" in visitor.text()


def test_signing_out_ends_the_session_on_the_server_too(visit):
    visitor = visit("hokatsu-uke1")
    kept = visitor.client.get_cookie(COOKIE).value
    visitor.presses("出る")
    visitor.client.set_cookie(COOKIE, kept)
    assert visitor.opens("/").title().startswith("入る")


def test_a_form_from_elsewhere_is_refused(visit):
    visitor = visit("hokatsu-uke1")
    assert visitor.client.post("/intake", data={"desk": "hokatsu"}).status_code == 400
    other = visit("konkyu-uke1")
    token = other.opens("/intake").value("_csrf")
    assert visitor.client.post("/intake", data={"desk": "hokatsu", "_csrf": token}).status_code == 400


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town):
    visitor = Visitor(application(town, secure_cookie=True).test_client())
    visitor.client.get("/sign-in", base_url="https://localhost")
    page = visitor._shown(visitor.client.get("/sign-in", base_url="https://localhost"))
    answer = visitor.client.post(
        "/sign-in", base_url="https://localhost",
        data={"_csrf": page.value("_csrf"), "login": "hokatsu-uke1", "password": "tsunagi-demo-2026"},
    )  # fmt: skip
    cookie = next(line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{COOKIE}="))
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Secure"))


@pytest.mark.parametrize("place", ["/", "/sign-in", "/nowhere", "/tasks/99999"])
def test_every_page_forbids_what_is_not_our_own(visit, place):
    headers = visit("hokatsu-uke1").opens(place).answer.headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_administrators_only_administer(visit):
    assert visit("hokatsu-uke1").opens("/admin/staff").answer.status_code == 403
    assert visit(ADMINISTRATOR).opens("/admin/staff").title().startswith("利用者")
