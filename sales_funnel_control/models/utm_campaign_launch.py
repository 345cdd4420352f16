from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .crm_run_mixin import RUN_STATES
from .utm_campaign import _SALES


class UtmCampaign(models.Model):
    """Giving a special program to its clients."""

    _inherit = "utm.campaign"

    program_launch_id = fields.Many2one(
        "crm.program.launch", "Launch", compute="_compute_program_launch_id", groups=_SALES
    )
    program_state = fields.Selection(
        RUN_STATES, "Launched", compute="_compute_program_launch_id", groups=_SALES
    )
    program_progress = fields.Float(
        "Given Out, %", compute="_compute_program_launch_id", groups=_SALES
    )
    planned_count = fields.Integer("Planned", compute="_compute_member_counts", groups=_SALES)
    skipped_count = fields.Integer("Left Out", compute="_compute_member_counts", groups=_SALES)

    @api.depends("program_launch_ids.state", "program_launch_ids.progress")
    def _compute_program_launch_id(self):
        """The latest launch; its rows come latest first."""
        for campaign in self:
            launch = campaign.program_launch_ids[:1]
            campaign.program_launch_id = launch
            campaign.program_state = launch.state
            campaign.program_progress = launch.progress

    @api.depends("program_member_ids.state")
    def _compute_member_counts(self):
        counts = {
            (campaign, state): count
            for campaign, state, count in self.env["crm.program.member"]._read_group(
                [("campaign_id", "in", self.ids), ("state", "in", ("planned", "skipped"))],
                ["campaign_id", "state"],
                ["__count"],
            )
        }
        for campaign in self:
            campaign.planned_count = counts.get((campaign._origin, "planned"), 0)
            campaign.skipped_count = counts.get((campaign._origin, "skipped"), 0)

    def action_launch(self):
        """Give the program to the clients who fit, and to those put on the list by hand.

        Who got it before does not get it again. A small group is done at once, a large one in
        the background.
        """
        self.ensure_one()
        self._check_may_run()
        if not self.is_special_program:
            raise UserError(self.env._("Only special programs are launched."))
        if self.program_launch_id.state == "running":
            raise UserError(self.env._("The program is being given out already."))
        launch = self.env["crm.program.launch"].sudo()
        launch = launch.create({"campaign_id": self.id, "user_id": self.env.uid})
        if not launch._remaining_count():
            raise UserError(
                self.env._(
                    "Nobody is left to give the program to. Choose the clients, or add some: "
                    "who got it already does not get it again."
                )
            )
        return launch.action_start()

    def action_stop_launch(self):
        """Stop after the present batch; who got the program keeps it."""
        self._check_may_run()
        return self.sudo().program_launch_id.action_stop()

    def action_resume_launch(self):
        """Go on where the launch was stopped, for the clients whom the user may see."""
        self._check_may_run()
        launch = self.sudo().program_launch_id
        launch.user_id = self.env.uid
        return launch.action_start()

    # -- adding -------------------------------------------------------------------------------

    def _add_clients(self, partners):
        """Put clients on the list of a special program; the next launch gives it to them.

        :param partners: any contacts; their organisations are meant
        :return: why not, by contact that was refused
        :raise AccessError: for who does not run the program
        """
        self.ensure_one()
        self._check_may_run()
        clients = self.env["crm.client"]._of(partners, self.company_id)
        blacklisted = partners._sales_blacklisted()
        present = self._members_of(partners).partner_id
        refused, added = {}, set()
        for partner in partners:
            client = clients.get(partner.commercial_partner_id)
            if not client or not client.with_env(self.env)._filtered_access("read"):
                refused[partner] = self.env._("Is no client you may see in this company.")
            elif partner in blacklisted:
                refused[partner] = self.env._("Is blacklisted.")
            elif partner.commercial_partner_id in present:
                refused[partner] = self.env._("Is in the program already.")
            else:
                added.add(client.id)
        self._plan(added)
        return refused

    def _members_of(self, partners):
        return (
            self.env["crm.program.member"]
            .sudo()
            .search(
                [
                    ("campaign_id", "=", self.id),
                    ("partner_id", "in", partners.sudo().commercial_partner_id.ids),
                ]
            )
        )

    def _plan(self, client_ids):
        """Put clients on the list, each once, whoever does the same at this moment."""
        return self.env["crm.program.member"].sudo()._insert(self, client_ids)

    def _program_note(self):
        """What the manager in charge reads."""
        return plaintext2html(self.goal) if self.goal else False
