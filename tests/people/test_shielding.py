"""Who is under DV等支援措置 is not found through us: address and telephone stay off other agencies' screens and off paper."""

from sqlalchemy import select

from engine import access, records
from engine.casebook import Case
from engine.records import Record

HIDDEN = ("北栄町架空九丁目", "0858-00-4321")


def opened(town, actor, **how):
    with town.database.transaction() as session:
        case = session.get_one(Case, town.case_id)
        seen = access.sight(session, actor, case, now=town.now)
        record = session.scalars(select(Record).where(Record.case_id == case.id)).first()
        read = records.read(session, seen, record, case, **how)
        return str(read.answers), read.masked


def taken_in(town, *, shielded):
    town.opens("hokatsu")
    town.completes(
        "hokatsu", "A-10", sei="梟山", mei="森子", addr=HIDDEN[0], tel1=HIDDEN[1], addrKind=None, shien=shielded
    )


def test_a_shielded_address_stays_with_the_agency_that_wrote_it_and_off_paper(town):
    taken_in(town, shielded=True)
    assert all(word in opened(town, town.staff("hokatsu"))[0] for word in HIDDEN)
    told, masked = opened(town, town.staff("hokatsu"), on_paper=True)
    assert not any(word in told for word in HIDDEN)
    assert "住所" in masked


def test_an_ordinary_address_is_printed(town):
    taken_in(town, shielded=False)
    assert all(word in opened(town, town.staff("hokatsu"), on_paper=True)[0] for word in HIDDEN)
