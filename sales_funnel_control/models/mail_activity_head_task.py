from odoo import api, fields, models
from odoo.exceptions import AccessError

# What a task learns of its activity.
_LEARNT = {"active", "date_deadline", "user_id"}


class MailActivity(models.Model):
    """A task of the head's, as the manager has it on the list."""

    _inherit = "mail.activity"

    head_task_id = fields.Many2one(
        "crm.head.task",
        "Task from the Head",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if "default_head_task_id" in self.env.context or any(
            "head_task_id" in vals for vals in vals_list
        ):
            self._check_ties_to_task()
        return super().create(vals_list)

    def write(self, vals):
        if "head_task_id" in vals:
            self._check_ties_to_task()
        result = super().write(vals)
        is_told = self.env.context.get("is_told_by_task")
        if not (is_told or _LEARNT.isdisjoint(vals)) and (tasks := self.sudo().head_task_id):
            tasks._learn()
        return result

    def _check_ties_to_task(self):
        """Only the system ties activities to tasks: what is done about one is done of the other.

        :raise AccessError: for everybody else
        """
        if not self.env.su:
            raise AccessError(
                self.env._("An activity belongs to a task when the head sets it: create a task.")
            )
