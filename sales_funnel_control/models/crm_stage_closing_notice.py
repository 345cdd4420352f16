from odoo import fields, models
from odoo.tools import SQL


class CrmTeam(models.Model):
    _inherit = "crm.team"

    closing_notice = fields.Selection(
        [
            ("none", "Nothing"),
            ("activity", "An activity for the team leader"),
            ("follower", "The team leader follows the deal"),
        ],
        "Deal Comes to Closing",
        default="none",
        required=True,
        help="What happens when a deal enters the closing work block, so that the team leader "
        "knows of it and can join.",
    )


class CrmStage(models.Model):
    """Who leads the team is told when a deal comes to closing."""

    _inherit = "crm.stage"

    def _on_entered(self, leads):
        super()._on_entered(leads)
        if self.id not in self._stages_with_rules().closing or self._comes_in_bulk():
            return
        arrived = leads.filtered(
            lambda lead: (
                lead.team_id.closing_notice in ("activity", "follower")
                and lead.team_id.user_id.active
                and lead.team_id.user_id != lead.user_id
            )
        )
        if not arrived:
            return
        arrived -= arrived.browse(self._were_in_closing(arrived))
        for (team, notice), some in arrived.grouped(
            lambda lead: (lead.team_id, lead.team_id.closing_notice)
        ).items():
            if notice == "follower":
                some.message_subscribe(partner_ids=team.user_id.partner_id.ids)
            else:
                self._plan_closing_notice(some, team.user_id)

    def _comes_in_bulk(self):
        """Whether deals are loaded with the addons, or imported: nobody joins hundreds at once."""
        context = self.env.context
        return not self.env.registry.ready or bool(
            context.get("import_file") or context.get("install_mode")
        )

    def _plan_closing_notice(self, leads, head):
        """Plan for the head to look at the deals; once, while the head has not done so."""
        stage = self.with_context(lang=head.lang)
        summary = stage.env._("A deal comes to closing")
        kind = self.env.ref("mail.mail_activity_data_todo")
        told = self.env["mail.activity"].search(
            [
                ("res_model", "=", "crm.lead"),
                ("res_id", "in", leads.ids),
                ("activity_type_id", "=", kind.id),
                ("user_id", "=", head.id),
                ("summary", "=", summary),
            ]
        )
        untold = leads - leads.browse(told.mapped("res_id"))
        for company, some in untold.grouped("company_id").items():
            # On the list of the head's activities is enough: no mail for each deal.
            some.with_context(mail_activity_quick_update=True).activity_schedule(
                activity_type_id=kind.id,
                user_id=head.id,
                date_deadline=(company or self.env.company)._funnel_today(),
                summary=summary,
                note=stage.env._("It came to “%(stage)s”: you can join.", stage=stage.name),
            )

    def _were_in_closing(self, leads):
        """Ids of the leads whose stay before the present one was in closing, too."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT lead.id
                  FROM unnest(%s::int[]) AS lead(id)
            CROSS JOIN LATERAL (
                        SELECT stay.stage_id
                          FROM crm_lead_stage_history stay
                         WHERE stay.lead_id = lead.id
                           AND stay.is_skipped IS NOT TRUE
                      ORDER BY stay.entered_at DESC, stay.left_at DESC, stay.id DESC
                        OFFSET 1 LIMIT 1
                       ) before
                  JOIN crm_stage stage ON stage.id = before.stage_id
                 WHERE stage.work_block = '3'
                """,
                leads.ids,
            )
        )
        return [lead_id for [lead_id] in rows]
