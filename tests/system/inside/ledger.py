"""What the ledger and the report say, and what an administrator does with them."""

import os

from odoo.tools import SQL


def figures(env, lead_ids):
    """What the report says of these leads, per lead, team and transition."""
    return [
        {
            "lead_id": lead.id,
            "team": team.name,
            "transition": stage.name,
            "entered": entered,
            "advanced": advanced,
        }
        for lead, team, stage, entered, advanced in env["crm.funnel.report"]._read_group(
            [("lead_id", "in", lead_ids)],
            ["lead_id", "team_id", "next_stage_id"],
            ["entered:sum", "advanced:sum"],
        )
    ]


def rebuild(env, batch=None, die_in_batch=None):
    """Start a rebuild of all teams and let its scheduled action work.

    :param die_in_batch: end the process without a word in the midst of this batch
    """
    run = env["crm.ledger.rebuild"].create({})
    run.action_start()
    env.cr.commit()  # pylint: disable=invalid-commit
    return work(env, batch, die_in_batch)


def work(env, batch=None, die_in_batch=None):
    """Let the scheduled action work as :func:`rebuild` does, on what was begun before."""
    history = env.registry["crm.lead.stage.history"]
    if batch:
        history._BACKFILL_BATCH = batch
    if die_in_batch:
        history._backfill = _deadly(history._backfill, die_in_batch)
    env["crm.ledger.rebuild"]._cron_rebuild()
    run = env["crm.ledger.rebuild"].search([], limit=1)
    return {"state": run.state, "done": run.done, "total": run.total}


def _deadly(backfill, last):
    calls = []

    def backfill_until_death(self, lead_ids):
        calls.append(lead_ids)
        backfill(self, lead_ids)
        if len(calls) == last:
            os._exit(1)

    return backfill_until_death


def changed_by_derive(env):
    """Derive the whole ledger anew; return the ids of the rows that differ from before."""
    history = env["crm.lead.stage.history"]
    before = _derived(env)
    history._derive(env["crm.lead"].with_context(active_test=False).search([]).ids)
    after = _derived(env)
    return [row for row in before if before[row] != after[row]]


def _derived(env):
    return dict(
        env.execute_query(
            SQL(
                """
                SELECT id, ROW(is_cohort, reached_next, days, week_start, target_rate)::text
                  FROM crm_lead_stage_history
                """
            )
        )
    )
