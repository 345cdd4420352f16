"""A CRM in use: many leads that move, and the daily work with one."""

import random

from people import make_user

SALESMAN = "sales_team.group_sale_salesman"


def fill(env, leads):
    """Make ``leads`` leads, spread over stages; some lost, some moved with tracking."""
    # pylint: disable=invalid-commit
    chance = random.Random(0)
    # Settings that are saved once leave parameters of Odoo's own.
    env["res.config.settings"].create({}).execute()
    users = [make_user(env, name, SALESMAN) for name in ("Ivanov", "Sidorov")]
    team = env["crm.team"].create({"name": "Filled", "company_id": False})
    stages = env["crm.stage"].search([("team_ids", "=", False)])
    quietly = env["crm.lead"].with_context(tracking_disable=True, mail_create_nolog=True)
    made = quietly.create(
        [
            {
                "name": f"Lead {number}",
                "type": chance.choice(("opportunity", "opportunity", "opportunity", "lead")),
                "user_id": chance.choice(users).id,
                "team_id": team.id,
                "stage_id": chance.choice(stages[:3]).id,
            }
            for number in range(leads)
        ]
    )
    made[: leads // 4].action_set_lost()
    env.cr.commit()
    moved = made[leads // 4 : leads // 4 + 200].with_env(env)
    for stage in stages[1:]:
        moved.stage_id = stage
        env.cr.commit()
    return len(made)


def use_addon(env):
    """Use whatever of our addon leaves traces: targets, roles, classes, settings, messages."""
    team = env["crm.team"].search([("name", "=", "Filled")])
    user = env["res.users"].search([("login", "=", "ivanov")])
    member = env["crm.team.member"].create({"crm_team_id": team.id, "user_id": user.id})
    member.write({"sales_role": "farmer", "grade": "senior"})
    stage = env["crm.stage"].search([("team_ids", "=", False)], limit=1, offset=1)
    stage.write({"target_rate": 80, "work_block": "1", "normal_days": 5})
    target = env["crm.stage.target"].create(
        {"stage_id": stage.id, "team_id": team.id, "target_rate": 70}
    )
    target.message_post(body="Why 70?")
    env["crm.funnel.builder"].create({"team_id": team.id, "funnel_kind": "active"}).action_build()
    lead = env["crm.lead"].search([("team_id", "=", team.id)], limit=1)
    lead.lead_class = "a"
    reason = env.ref("sales_funnel_control.lost_reason_no_budget")
    lead.action_set_lost(lost_reason_id=reason.id, words="The budget is spent")
    competitor = env["crm.competitor"].create({"name": "Other Ltd"})
    env["crm.lead.refusal"].search([], limit=1).competitor_id = competitor
    env["crm.objection"].create({"name": "Too far", "answer": "We deliver"})
    env["res.partner"].create({"name": "Never Again", "is_sales_blacklisted": True})
    env.cr.precommit.run()
    env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "off")
    env["ir.filters"].create({"name": "Ours", "model_id": "crm.funnel.report", "domain": "[]"})
    run = env["crm.ledger.rebuild"].create({})
    run.action_start()
    return env["crm.lead.stage.history"].search_count([])


def uninstall(env, addon):
    env["ir.module.module"].search([("name", "=", addon)]).button_immediate_uninstall()


def work(env):
    """A salesperson's day: create, move, lose, restore and win a lead, and look at the pipeline."""
    env = env(user=env["res.users"].search([("login", "=", "ivanov")]))
    stages = env["crm.stage"].search([("team_ids", "=", False)])
    lead = env["crm.lead"].create({"name": "After all", "type": "opportunity"})
    lead.stage_id = stages[1]
    lead.action_set_lost()
    lead.action_restore()
    lead.action_set_won()
    views = env["crm.lead"].get_views(
        [(False, kind) for kind in ("kanban", "list", "form", "pivot", "graph", "calendar")]
    )["views"]
    columns = env["crm.lead"].web_read_group([], ["stage_id"], ["expected_revenue:sum"])["groups"]
    return {
        "is_won": lead.stage_id.is_won,
        "views": sorted(views),
        "has_columns": len(columns) > 1,
    }
