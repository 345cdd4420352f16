import {_t} from "@web/core/l10n/translation";
import {FormController} from "@web/views/form/form_controller";
import {formView} from "@web/views/form/form_view";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {useViewButtons} from "@web/views/view_button/view_button_hook";

const RULINGS = ["action_rule_market", "action_rule_work_gap", "action_rule_excuse"];

/** Refusals are reviewed one after the other: a ruling brings the next of the list. */
export class RefusalReviewController extends FormController {
    setup() {
        super.setup();
        this.notification = useService("notification");
        // The form's own buttons, but for the reload: it comes when a button has done its work, be
        // it in a dialog, and not when it failed.
        useViewButtons(this.rootRef, {
            beforeExecuteAction: this.beforeExecuteActionButton.bind(this),
            afterExecuteAction: this.afterExecuteActionButton.bind(this),
            reload: () => this.reload(),
        });
    }

    async beforeExecuteActionButton(clickParams) {
        this.isRuling = RULINGS.includes(clickParams.name);
        return super.beforeExecuteActionButton(clickParams);
    }

    async reload() {
        await this.model.load();
        // A dialog may have been closed without a ruling.
        if (this.isRuling && this.model.root.data.state === "reviewed") {
            await this.goOn();
        }
    }

    async goOn() {
        const {resId, resIds} = this.model.root;
        const offset = resIds.indexOf(resId) + 1;
        if (offset < resIds.length) {
            await this.onPagerUpdate({offset, resIds});
        } else {
            this.notification.add(_t("This was the last refusal of the list."), {type: "success"});
        }
    }
}

registry
    .category("views")
    .add("refusal_review", {...formView, Controller: RefusalReviewController});
