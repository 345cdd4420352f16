import {Activity} from "@mail/core/web/activity";
import {Activity as ActivityModel} from "@mail/core/common/activity_model";
import {ActivityListPopoverItem} from "@mail/core/web/activity_list_popover_item";
import {assignIn} from "@mail/utils/common/misc";
import {patch} from "@web/core/utils/patch";

patch(ActivityModel, {
    _insert(data) {
        const activity = super._insert(...arguments);
        assignIn(activity, data, ["can_log_contact"]);
        return activity;
    },
});

patch(ActivityModel.prototype, {
    /** Opens the dialog that logs the call or meeting; resolves when it is closed. */
    async logContact() {
        const {action, orm} = this.store.env.services;
        const entry = await orm.call("mail.activity", "action_log_contact", [[this.id]]);
        await new Promise((resolve) => action.doAction(entry, {onClose: resolve}));
    },
});

patch(Activity.prototype, {
    async logContact() {
        const thread = this.thread;
        await this.props.activity.logContact();
        this.props.onActivityChanged(thread);
        await thread.fetchNewMessages();
    },
});

patch(ActivityListPopoverItem.prototype, {
    async logContact() {
        this.props.onClickEditActivityButton?.();
        await this.props.activity.logContact();
        this.props.onActivityChanged?.();
    },
});
