from odoo import api, fields, models

from odoo.addons.rating.models import rating_data

VERDICTS = [("happy", "Happy"), ("neutral", "Neutral"), ("unhappy", "Unhappy")]
_VERDICT_OF = {
    rating_data.RATING_HAPPY_VALUE: "happy",
    rating_data.RATING_NEUTRAL_VALUE: "neutral",
    rating_data.RATING_UNHAPPY_VALUE: "unhappy",
}
# Verdicts that open a complaint, by the company's setting.
_LOW = {"unhappy": {"unhappy"}, "neutral": {"unhappy", "neutral"}}


class CrmOpinion(models.Model):
    """A client's opinion: who was asked after what, and the answer by one of three faces.

    The answer comes through Odoo's ``/rate`` page, which knows nothing but the token of the mail.
    """

    _name = "crm.opinion"
    _inherit = "rating.mixin"
    _description = "Opinion of a Client"
    _order = "asked_on DESC, id DESC"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade", index=True
    )
    contact_id = fields.Many2one(
        "res.partner", "Person Asked", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade", index=True
    )
    user_id = fields.Many2one(
        "res.users",
        "Manager in Charge",
        readonly=True,
        index="btree_not_null",
        help="Who was in charge of the client when it was asked.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", readonly=True, index="btree_not_null", ondelete="set null"
    )
    order_id = fields.Many2one("sale.order", readonly=True, ondelete="set null")
    lead_id = fields.Many2one("crm.lead", "Deal", readonly=True, ondelete="set null")
    after_case_id = fields.Many2one(
        "crm.client.case",
        "After the Complaint",
        readonly=True,
        ondelete="set null",
        help="The complaint that was worked off before.",
    )
    asked_on = fields.Date(required=True, readonly=True)
    answered_on = fields.Date(readonly=True)
    score = fields.Integer(readonly=True, aggregator=None, help="1 unhappy, 3 neutral, 5 happy.")
    verdict = fields.Selection(
        VERDICTS, "Opinion", compute="_compute_verdict", store=True, precompute=True
    )
    words = fields.Text("Client's Words", readonly=True)
    case_ids = fields.One2many("crm.client.case", "opinion_id", "Complaint", readonly=True)

    _order_uniq = models.UniqueIndex("(order_id) WHERE order_id IS NOT NULL")
    _lead_uniq = models.UniqueIndex("(lead_id) WHERE lead_id IS NOT NULL")
    _after_case_uniq = models.UniqueIndex("(after_case_id) WHERE after_case_id IS NOT NULL")
    _client_asked_idx = models.Index("(partner_id, company_id, asked_on)")

    @api.depends("score")
    def _compute_verdict(self):
        for opinion in self:
            opinion.verdict = _VERDICT_OF.get(opinion.score)

    # -- rating -------------------------------------------------------------------------------

    def _rating_get_partner(self):
        return self.contact_id

    def rating_apply(self, rate, token=None, rating=None, feedback=None, **kwargs):
        """Learn the client's answer, given in the mail; a bad one opens a complaint.

        :param rate: 1, 3 or 5
        :param feedback: plain text
        :raise AccessError: for managers: the answer is the client's alone
        """
        self.check_access("write")
        result = super().rating_apply(rate, token=token, rating=rating, feedback=feedback, **kwargs)
        self.sudo()._learn(rate, feedback)
        return result

    def _learn(self, score, words):
        """Take the answer down: the client may change it by answering once more."""
        for opinion in self:
            opinion.write(
                {
                    "score": int(score),
                    "words": (words or "").strip() or False,
                    "answered_on": opinion.company_id._funnel_today(),
                }
            )
            pending = opinion.case_ids.filtered(lambda case: not case.closed_on)
            pending.words = opinion.words
            if opinion.verdict in _LOW[opinion.company_id.opinion_opens_case]:
                opinion._open_case()

    def _open_case(self):
        """Open the complaint of a bad opinion, once."""
        self.ensure_one()
        if not self.case_ids:
            self.env["crm.client.case"].sudo().create(
                {
                    "name": self.env._("%(client)s is not satisfied", client=self.partner_id.name),
                    "partner_id": self.partner_id.id,
                    "contact_id": self.contact_id.id,
                    "company_id": self.company_id.id,
                    "order_id": (self.order_id or self.after_case_id.order_id).id,
                    "lead_id": (self.lead_id or self.after_case_id.lead_id).id,
                    "source": "rating",
                    "words": self.words,
                    "opinion_id": self.id,
                }
            )
