"""What a team has done with the addon: contacts, norms, and reasons that do not count."""

from datetime import timedelta

import databases
import draw

import odoo
from odoo.fields import Domain
from odoo.modules.registry import Registry
from odoo.tools import SQL

CONTACTS_PER_LEAD = 2
NORM_WEEKS = 52


def fill(name):
    """Bring a database whose ledger is filled to a state as after two years of use."""
    with Registry(name).cursor() as cr:
        env = odoo.api.Environment(cr, odoo.api.SUPERUSER_ID, {"tracking_disable": True})
        team = draw.team(env)
        spam = env["crm.lost.reason"].search([("name", "=", draw.SPAM_REASON)])
        spam.is_spam_or_duplicate = True
        env.flush_all()
        cr.execute("SET LOCAL session_replication_role = replica")
        with databases.unindexed(cr, "crm_contact_log"):
            _log_contacts(env, team)
        cr.execute("SET LOCAL session_replication_role = origin")
        env.invalidate_all()
        norms = env["crm.contact.norm"].search(Domain.TRUE)
        norms.valid_from = env.company._funnel_today() - timedelta(weeks=NORM_WEEKS)
        env["crm.contact.norm.week"]._cron_refresh()
    databases.close(name)
    databases.vacuum(name)


def _log_contacts(env, team):
    """Contacts of every kind with each client, in the weeks after the opportunity was made."""
    env.cr.execute(
        SQL(
            """
            INSERT INTO crm_contact_log (
                user_id, lead_id, partner_id, organisation_id, company_id, team_id, stage_id,
                kind, state, counts_as, sales_role, grade, day, week_start,
                is_in_person, is_interested, date, create_date
            )
            SELECT lead.user_id, lead.id, lead.partner_id, lead.partner_id, lead.company_id,
                   lead.team_id, lead.stage_id, kind.kind, 'done', kind.counts_as,
                   member.sales_role, member.grade,
                   contact.at::date, date_trunc('week', contact.at)::date,
                   TRUE, TRUE, contact.at, contact.at
              FROM crm_lead lead
              JOIN crm_team_member member
                ON member.user_id = lead.user_id AND member.crm_team_id = lead.team_id
        CROSS JOIN generate_series(1, %(contacts)s) AS number
        CROSS JOIN LATERAL (
                    SELECT lead.create_date + number * INTERVAL '2 days' AS at
                   ) contact
              JOIN (
                    VALUES
                    (0, 'outgoing_call', 'effective_call'),
                    (1, 'meeting', 'held_meeting'),
                    (2, 'meeting', 'productive_meeting'),
                    (3, 'warm_contact', 'warm_contact'),
                    (4, 'outgoing_call', NULL)
                   ) AS kind(place, kind, counts_as)
                ON kind.place = (lead.id + number) %% 5
             WHERE lead.team_id = %(team)s
               AND contact.at < %(now)s
            """,
            contacts=CONTACTS_PER_LEAD,
            team=team.id,
            now=odoo.fields.Datetime.now(),
        )
    )
