from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, split_every

from .crm_team_member import SALES_ROLES

MEMBER_STATES = [
    ("planned", "Planned"),
    ("sent", "Invited"),
    ("answered", "Interested"),
    ("came", "Came"),
    ("declined", "Declined"),
    ("skipped", "Left Out"),
]
# What a client may answer, once invited.
ANSWERS = ("answered", "came", "declined")
# What managers write themselves.
_OPEN_FIELDS = {"state", "answered_on", "answer_note"}
_INSERTED = 1000


class CrmProgramMember(models.Model):
    """A client in a special program: who got it, and what came of it."""

    _name = "crm.program.member"
    _description = "Participant of a Special Program"
    _order = "invited_on DESC, id DESC"
    _rec_name = "partner_id"

    campaign_id = fields.Many2one(
        "utm.campaign", "Program", required=True, readonly=True, ondelete="cascade"
    )
    program_kind = fields.Selection(related="campaign_id.program_kind")
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade", index=True
    )
    client_id = fields.Many2one(
        "crm.client",
        "In the Client Base",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        "Manager in Charge",
        readonly=True,
        index="btree_not_null",
        help="Who was in charge of the client at the invitation.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", readonly=True, index="btree_not_null", ondelete="set null"
    )
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    state = fields.Selection(
        MEMBER_STATES,
        "Status",
        required=True,
        default="planned",
        help="Invited: the manager in charge got the opportunity or the activity.",
    )
    skip_reason = fields.Selection(
        [
            ("blacklisted", "The client is blacklisted."),
            ("archived", "The client is archived."),
            ("no_manager", "Nobody is in charge of the client."),
            ("no_funnel", "No opportunity could be opened for the client."),
        ],
        "Why Left Out",
        readonly=True,
    )
    invited_on = fields.Date(readonly=True)
    answered_on = fields.Date()
    answer_note = fields.Char("What the Client Said")
    lead_id = fields.Many2one(
        "crm.lead", "Opportunity", readonly=True, ondelete="set null", index="btree_not_null"
    )
    program_activity_id = fields.Many2one(
        "mail.activity", "Activity", readonly=True, ondelete="set null", index="btree_not_null"
    )

    _client_once_uniq = models.UniqueIndex(
        "(campaign_id, partner_id)", "A client takes part in a program once."
    )
    _planned_idx = models.Index("(campaign_id, id) WHERE state = 'planned'")

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su:
            self._check_answer(vals)
        state = vals.get("state")
        if state in ANSWERS and "answered_on" not in vals:
            result = True
            for company, members in self.grouped("company_id").items():
                today = company.sudo()._funnel_today()
                result &= super(CrmProgramMember, members).write({**vals, "answered_on": today})
            return result
        if state and state not in ANSWERS:
            vals = {**vals, "answered_on": False}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_invited(self):
        if any(member.invited_on for member in self):
            raise UserError(
                self.env._("Who was invited stays on the list: the program's result counts them.")
            )

    # -- actions ------------------------------------------------------------------------------

    def action_interested(self):
        """The client answered, and is interested."""
        return self.write({"state": "answered"})

    def action_came(self):
        """The client took part."""
        return self.write({"state": "came"})

    def action_declined(self):
        """The client does not want the program."""
        return self.write({"state": "declined"})

    def action_open_work(self):
        """Open the opportunity of the client, or the client."""
        self.ensure_one()
        subject = self.lead_id or self.partner_id
        return {
            "type": "ir.actions.act_window",
            "name": subject.display_name,
            "res_model": subject._name,
            "res_id": subject.id,
            "views": [[False, "form"]],
        }

    # -- business -----------------------------------------------------------------------------

    def _check_answer(self, vals):
        """Managers note answers of those who were invited; all else is the system's."""
        if vals.keys() - _OPEN_FIELDS:
            raise AccessError(
                self.env._("The list is kept by the system. You note what the client answered.")
            )
        if vals.get("state") in ("planned", "skipped") or any(
            not member.invited_on for member in self
        ):
            raise UserError(self.env._("Answers are noted for clients who were invited."))

    @api.model
    def _insert(self, campaign, client_ids):
        """Put clients on the list of a program; nothing happens to those who are on it.

        :param client_ids: ids of ``crm.client``, of the program's company
        :return: the new participants
        """
        self.flush_model(["campaign_id", "partner_id"])
        created = []
        for ids in split_every(_INSERTED, sorted(client_ids), list):
            created += self.env.execute_query(
                SQL(
                    """
                    INSERT INTO crm_program_member (
                                campaign_id, client_id, partner_id, company_id, user_id, team_id,
                                sales_role, state, create_uid, create_date, write_uid, write_date
                                )
                         SELECT %(campaign)s, id, partner_id, company_id, user_id, team_id,
                                sales_role, 'planned', %(uid)s, %(now)s, %(uid)s, %(now)s
                           FROM crm_client
                          WHERE id = ANY(%(clients)s) AND company_id = %(company)s
                       ORDER BY id
                    ON CONFLICT (campaign_id, partner_id) DO NOTHING
                      RETURNING id
                    """,
                    campaign=campaign.id,
                    company=campaign.company_id.id,
                    clients=ids,
                    uid=self.env.uid,
                    now=fields.Datetime.now(),
                )
            )
        campaign.invalidate_recordset(["program_member_ids"])
        return self.browse([member_id for (member_id,) in created])

    def _give(self):
        """Give participants of one program what it is: each an opportunity or an activity."""
        if not self:
            return
        campaign = self.campaign_id
        to_invite = self._leave_out()
        if campaign.program_action == "activity":
            invited = to_invite._schedule_activities(campaign)
        else:
            invited = to_invite._open_opportunities(campaign)
        (to_invite - invited).write({"state": "skipped", "skip_reason": "no_funnel"})
        invited.write({"state": "sent", "invited_on": campaign.company_id._funnel_today()})

    def _leave_out(self):
        """Leave out those whom nobody works with.

        :return: the others
        """
        blacklisted = self.partner_id._sales_blacklisted()
        reasons = {}
        for member in self:
            client = member.client_id
            if member.partner_id in blacklisted:
                reasons[member] = "blacklisted"
            elif not member.partner_id.active:
                reasons[member] = "archived"
            elif not (client.user_id.active and client.company_id in client.user_id.company_ids):
                reasons[member] = "no_manager"
            else:
                member.write(
                    {
                        "user_id": client.user_id.id,
                        "team_id": client.team_id.id,
                        "sales_role": client.sales_role,
                    }
                )
        for member, reason in reasons.items():
            member.write({"state": "skipped", "skip_reason": reason})
        return self.filtered(lambda member: member not in reasons)

    def _open_opportunities(self, campaign):
        leads = self.client_id._open_program_opportunity(
            campaign.title, campaign_id=campaign.id, description=campaign._program_note()
        )
        by_client = {lead.partner_id: lead for lead in leads}
        invited = self.filtered(lambda member: member.partner_id in by_client)
        for member in invited:
            member.lead_id = by_client[member.partner_id]
        return invited

    def _schedule_activities(self, campaign):
        activity_type = campaign.program_activity_type_id or self.env.ref(
            "mail.mail_activity_data_todo"
        )
        due = max(
            campaign.date_from or campaign.company_id._funnel_today(),
            campaign.company_id._funnel_today(),
        )
        activities = (
            self.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                [
                    {
                        "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                        "res_id": member.partner_id.id,
                        "activity_type_id": activity_type.id,
                        "summary": campaign.title,
                        "note": campaign._program_note(),
                        "user_id": member.user_id.id,
                        "date_deadline": due,
                    }
                    for member in self
                ]
            )
        )
        for member, activity in zip(self, activities, strict=True):
            member.program_activity_id = activity
        return self
