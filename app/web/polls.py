"""Polls: votes by viewers, results as CSV for the teacher. docs/PROTOCOL.md, section 8."""

import asyncio
import csv
import io
import re

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from app.core.lesson import NULL
from app.core.poll import Refusal
from app.store.contract import Counts
from app.web import auth, bodies
from app.web.admission import lesson
from app.web.answers import json_response
from app.web.origin import refuse_elsewhere
from app.web.problems import Problem, invalid
from app.web.proofs import VOTER
from app.web.schemas import Poll, VoteAnswer, VoteRequest
from app.web.services import services

SLICE = 32  # polls of a file that are written before the event loop gets its turn: a millisecond
NONE = Counts([], 0)

_request = msgspec.json.Decoder(VoteRequest)
_poll = msgspec.json.Decoder(Poll)
_id = re.compile(r"[A-Za-z0-9_-]{1,40}")

# What a spreadsheet would take for a formula: https://owasp.org/www-community/attacks/CSV_Injection
# After blanks and invisible characters too, which some drop, and in the wide forms of East Asian keyboards.
_FORMULA = re.compile(r"[\s\0\u200b\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


async def vote(request: Request) -> Response:
    """POST /api/lessons/{lesson}/polls/{poll}/votes"""
    channel = await lesson(request)
    refuse_elsewhere(request, services(request).settings, unknown=False)
    choices = (await bodies.decode(request, _request)).choices
    poll = request.path_params["poll"]
    if not _id.fullmatch(poll):
        raise _refused(Refusal.UNKNOWN)
    voter, cookie = voter_of(request, channel.code)
    refusal = await services(request).tallies.vote(channel, poll, voter, choices)
    if refusal is not None:
        raise _refused(refusal)
    response = json_response(VoteAnswer(choices))
    if cookie:
        auth.set_cookie(request, response, VOTER, cookie, lax=True)
    return response


def voter_of(request: Request, lesson: str) -> tuple[str, str]:
    """The voter's id, and the cookie to set where there was none. Raises Problem 403 for a made-up one."""
    signer = services(request).signer
    given = request.cookies.get(VOTER)
    if given is None:
        return signer.new_voter(lesson)
    voter = signer.voter(given)
    if voter is None:
        detail = "This voter cookie was not made here. Load the lesson's page again."
        raise Problem(403, detail, type="voter-forged")
    return voter, ""


def _refused(refusal: Refusal) -> Problem:
    if refusal is Refusal.UNKNOWN:
        return Problem(404, "There is no such poll.", type="poll-unknown")
    if refusal is Refusal.CLOSED:
        return Problem(409, "The poll is not open.", type="poll-closed")
    if refusal is Refusal.FULL:
        return Problem(409, "The poll has as many voters as one may have.", type="poll-full")
    return invalid([{"path": "choices", "message": "is not a possible choice in this poll"}])


async def results(request: Request) -> Response:
    """GET /api/lessons/{lesson}/polls.csv: a row for each poll and option"""
    channel = await lesson(request)
    auth.require_teacher(request, channel)
    counts = await services(request).hub.store.counts(channel.code)
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["poll", "question", "option", "text", "correct", "count", "voters"])
    asked = [register for register in channel.lesson.below("poll/") if register.raw != NULL]
    for number, register in enumerate(asked):
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        poll = register.key.partition("/")[2]
        rows.writerows(_rows(poll, register.raw, counts.get(poll, NONE)))
    name = f'attachment; filename="{channel.code}-polls.csv"'
    headers = {"cache-control": "no-store", "content-disposition": name}
    return Response(out.getvalue(), headers=headers, media_type="text/csv")


def _rows(poll: str, raw: str, counts: Counts) -> list[list[object]]:
    value = _poll.decode(raw)
    correct = value.correct or []
    name, question = _cell(poll), _cell(value.question)
    return [
        [
            name,
            question,
            number + 1,
            _cell(text),
            "yes" if number in correct else "",
            counts.counts[number] if number < len(counts.counts) else 0,
            counts.voters,
        ]
        for number, text in enumerate(value.options)
    ]


def _cell(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
