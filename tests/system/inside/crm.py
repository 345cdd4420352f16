"""A CRM in use: many leads that move, and the daily work with one."""

import random
from datetime import timedelta

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
    env["res.partner"].create(
        {
            "name": "Never Again",
            "is_sales_blacklisted": True,
            "sales_blacklist_reason": "Never pays",
        }
    )
    env.cr.precommit.run()
    env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "off")
    _ask_for_data(env, team, stage)
    _use_contacts(env, team, user)
    _use_working_time(env, user)
    env["ir.filters"].create({"name": "Ours", "model_id": "crm.funnel.report", "domain": "[]"})
    run = env["crm.ledger.rebuild"].create({})
    run.action_start()
    return env["crm.lead.stage.history"].search_count([])


def _ask_for_data(env, team, stage):
    """A gate, a questionnaire with an answer, a channel, and who distributes."""
    fields = env["ir.model.fields"]
    stage.write(
        {
            "gate_level": "need",
            "gate_lead_field_ids": fields._get("crm.lead", "expected_revenue").ids,
            "gate_client_field_ids": fields._get("res.partner", "website").ids,
            "gate_contact_kind": "meeting",
        }
    )
    team.action_use_ready_questions()
    lead = env["crm.lead"].search([("team_id", "=", team.id)], limit=1)
    lead.questionnaire = {"needs_product": "Pipes"}
    # The catch-all of the company may be there already.
    env["crm.request.channel"].create({"name": "Mails of the team", "team_id": team.id})


def _use_contacts(env, team, user):
    """A norm, a person who decides, and contacts with them: logged, and to be confirmed."""
    env["crm.contact.norm"].create(
        {"sales_role": "farmer", "team_id": team.id, "weekly_norm": 7, "company_id": False}
    )
    company = env["res.partner"].create({"name": "Client Ltd", "is_company": True})
    person = env["res.partner"].create(
        {"name": "Anna Clientova", "parent_id": company.id, "is_decision_maker": True}
    )
    lead = env["crm.lead"].search([("team_id", "=", team.id)], limit=1, offset=1)
    lead.partner_id = company
    env["crm.contact.log"].create(
        {"kind": "meeting", "lead_id": lead.id, "contact_id": person.id, "user_id": user.id}
    )
    call = lead.activity_schedule("mail.mail_activity_data_call", user_id=user.id)
    call.action_feedback()
    env.ref("mail.mail_activity_data_todo").contact_kind = "visit"


def _use_working_time(env, user):
    """A timetable in the calendar, of weeks gone by and to come, and a time study of today."""
    today = env.company._funnel_today()
    env["crm.timetable.apply"].create(
        {
            "timetable_id": env.ref("sales_funnel_control.timetable_farmer").id,
            "user_ids": user.ids,
            "date_from": today - timedelta(weeks=1),
            "date_to": today + timedelta(weeks=2),
        }
    ).action_apply()
    by_hand = env["calendar.event"].search([("timetable_date", ">", today)], limit=1)
    by_hand.name = "By Hand"
    study = env["crm.time.study"].create({"user_id": user.id, "purpose": "Where do hours go?"})
    study.message_post(body="Three days are enough")
    studied = env["crm.time.study"].with_user(user)
    studied.start_kind(env.ref("sales_funnel_control.time_kind_meetings").id)
    studied.stop_kind()


def calendar(env):
    """How many events are past, and the names of those to come."""
    now = env.cr.now()
    events = env["calendar.event"].with_context(active_test=False).search([])
    to_come = events.filtered(lambda event: event.start > now)
    return {"past": len(events - to_come), "to_come": sorted(to_come.mapped("name"))}


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
