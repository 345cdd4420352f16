"""What the ledger and the report say, and what an administrator does with them."""

import os


def paths(env, leads):
    """``{label: stays}`` for leads given as ``{label: id}``."""
    return {
        label: [
            {
                "stage": stay.stage_id.with_context(lang="en_US").name,
                "manager": stay.user_id.name,
                "team": stay.team_id.name,
                "origin": stay.origin,
                "exit": stay.exit,
                "entered_at": stay.entered_at,
                "left_at": stay.left_at,
            }
            for stay in env["crm.lead.stage.history"].search([("lead_id", "=", lead_id)])
        ]
        for label, lead_id in leads.items()
    }


def figures(env, leads):
    """``[team, transition, entered, advanced]`` over the leads given as ``{label: id}``."""
    return [
        [team.name, stage.name, entered, advanced]
        for team, stage, entered, advanced in env["crm.funnel.report"]._read_group(
            [("lead_id", "in", list(leads.values()))],
            ["team_id", "next_stage_id"],
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
    """Derive every row anew; return the ids of those that differ from before."""
    query = """
        SELECT id, ROW(is_cohort, reached_next, days, week_start, target_rate)::text
          FROM crm_lead_stage_history
    """
    history = env["crm.lead.stage.history"]
    before = dict(env.execute_query(_sql(query)))
    history._derive(env["crm.lead"].with_context(active_test=False).search([]).ids)
    after = dict(env.execute_query(_sql(query)))
    return [row for row in before if before[row] != after.get(row)]


def _sql(query):
    from odoo.tools import SQL

    return SQL(query)
