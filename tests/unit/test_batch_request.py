"""How a request for many texts stands, by its jobs and what they have brought."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from rap_analyzer.domain.analysis import Analysis, Status
from rap_analyzer.domain.batch_request import (
    BatchEntry,
    BatchJob,
    BatchProgress,
    BatchRequest,
    BatchState,
    complete,
    progress_of,
)
from rap_analyzer.domain.job import AnalyzerKey, Batch

KEYS = (AnalyzerKey("algorithmic_basic", "2", "a"), AnalyzerKey("qwen", "1", "q"))
REQUEST = BatchRequest(uuid4(), KEYS, of_texts=True, entries=10, body_digest="d", faulty=1)


def job(status: str, reason: str = "", first: int = 0, last: int = 9) -> BatchJob:
    return BatchJob("qwen", status, first, last, reason)


@pytest.mark.parametrize(
    ("statuses", "has_any", "state"),
    [
        ([], False, BatchState.DONE),
        (["todo", "todo"], False, BatchState.QUEUED),
        (["todo", "doing"], False, BatchState.RUNNING),
        (["todo", "todo"], True, BatchState.RUNNING),
        (["todo", "succeeded"], False, BatchState.RUNNING),
        (["succeeded", "failed"], True, BatchState.DONE),
        (["failed"], False, BatchState.DONE),
    ],
)
def test_the_state_is_by_the_jobs(statuses: list[str], has_any: bool, state: BatchState) -> None:
    """Done when none is open, well or badly; giving up overrules."""
    counts = {"qwen": {"done": 1}} if has_any else {}
    jobs = [job(status) for status in statuses]
    assert progress_of(REQUEST, jobs, counts).state is state
    assert progress_of(replace(REQUEST, is_cancelled=True), jobs, counts).state is BatchState.CANCELLED


def test_what_went_wrong_is_counted_by_reason() -> None:
    """Jobs that were given up with the request are no failures."""
    jobs = [job("failed", "no key"), job("failed", "no key"), job("aborted"), job("succeeded")]
    told = progress_of(REQUEST, jobs, {}).failures
    assert told == {("qwen", "no key"): 2, ("qwen", "the job was aborted"): 1}
    given_up = replace(REQUEST, is_cancelled=True)
    assert progress_of(given_up, [job("cancelled"), job("failed", "no key")], {}).failures == {("qwen", "no key"): 1}


def test_faulty_texts_want_no_analysis() -> None:
    """Nine good texts, two analyzers."""
    assert REQUEST.wanted == 18
    assert BatchProgress(BatchState.RUNNING, {"a": {"done": 3, "no_words": 1}, "b": {"done": 2}}).finished == 6


def test_an_entry_has_all_analyses_in_the_order_asked_for() -> None:
    """In place of one that there is not stands why, by the job that covers its place."""
    there = Analysis("algorithmic_basic", "2", "a", Status.DONE, {"bars": 1})
    entry = BatchEntry(4, "4", "", [there])
    jobs = [job("failed", "elsewhere", 0, 3), job("failed", "the key is gone", 4, 9)]
    first, second = complete(REQUEST, entry, jobs)
    assert first is there
    assert (second.analyzer, second.status, second.reason) == ("qwen", Status.FAILED, "the key is gone")
    assert complete(replace(REQUEST, is_cancelled=True), entry, [])[1].reason.startswith("The batch was cancelled")
    assert complete(REQUEST, entry, [])[1].reason == "This was not analysed."


def test_a_job_over_texts_comes_back_as_it_was_queued() -> None:
    """And one over tracks has nothing of texts in it."""
    over_texts, over_tracks = (Batch(KEYS[0], 0, 9, 10, texts=texts) for texts in (REQUEST.id, None))
    assert Batch.from_json(over_texts.to_json()) == over_texts
    assert Batch.from_json(over_tracks.to_json()) == over_tracks
    assert "texts" not in over_tracks.to_json()
