import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

function result(text) {
    return {
        content: "Say in one sentence what came out of it",
        trigger: ".modal [name=result] input",
        run: `edit ${text}`,
    };
}

const save = [
    {
        content: "Save",
        trigger: ".modal button[name=action_save]",
        run: "click",
    },
    {
        trigger: "body:not(:has(.modal))",
    },
];

function openContacts(menu) {
    return [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the contacts",
            trigger: "button[data-menu-xmlid='sales_funnel_control.crm_contacts_menu']",
            run: "click",
        },
        {
            trigger: `a[data-menu-xmlid='sales_funnel_control.${menu}']`,
            run: "click",
        },
    ];
}

tours.add("sales_funnel_control.contact_card", {
    steps: () => [
        {
            content: "Log a contact from the card",
            trigger: ".o_kanban_record:contains(Toured Card) .o_log_contact",
            run: "click",
        },
        {
            content: "The person who decides is there already",
            trigger: ".modal [name=contact_id] input:value(Zoya Director)",
        },
        {
            content: "They called",
            trigger: ".modal .o_selection_badge:contains(Incoming Call)",
            run: "click",
        },
        result("Asked for the price list"),
        ...save,
    ],
});

tours.add("sales_funnel_control.contact_deal", {
    steps: () => [
        {
            content: "Log a contact on the deal",
            trigger: ".o_statusbar_buttons button[name=action_log_contact]",
            run: "click",
        },
        result("Will decide on Friday"),
        {
            content: "Plan the next step in the same save",
            trigger: ".modal [name=next_step_type_id] .o_selection_badge:contains(Call)",
            run: "click",
        },
        {
            trigger: ".modal [name=next_step_date]",
        },
        ...save,
        {
            content: "It is counted on the deal",
            trigger: "button[name=action_open_contact_logs]:contains(1)",
        },
        {
            content: "Log the meeting that was planned",
            trigger: ".o-mail-Activity:contains(Show the samples) .o_activity_log_contact",
            run: "click",
        },
        {
            trigger: ".modal .o_selection_badge.active:contains(Meeting)",
        },
        result("Showed the samples"),
        ...save,
        {
            content: "The activity is done",
            trigger: ".o-mail-Chatter:not(:has(.o-mail-Activity:contains(Show the samples)))",
        },
    ],
});

tours.add("sales_funnel_control.contact_batch", {
    steps: () => [
        ...openContacts("crm_contact_batch_menu_today"),
        {
            content: "The first client",
            trigger: ".o_form_view h1:contains(Toured Call 0)",
        },
        {
            trigger: ".o_form_view [name=result] input",
            run: "edit Wants to meet",
        },
        {
            content: "Save brings the next one",
            trigger: "button[name=action_save_next]",
            run: "click",
        },
        {
            trigger: ".o_form_view h1:contains(Toured Call 1)",
        },
        {
            content: "The sentence was the first client's",
            trigger: ".o_form_view [name=result] input:value()",
        },
        {
            content: "Nobody answers",
            trigger: "button[name=action_no_answer]",
            run: "click",
        },
        {
            trigger: ".o_notification:contains(That was the last client: 2 logged)",
        },
        {
            content: "The calls of the day are listed, a row opens the dialog",
            trigger: ".o_list_view .o_data_row:contains(No answer) [name=result]",
            run: "click",
        },
        {
            trigger: ".modal [name=result] input:value(No answer)",
        },
        ...save,
        {
            trigger: ".o_list_view .o_data_row:contains(No answer)",
        },
    ],
});

tours.add("sales_funnel_control.contact_confirm", {
    steps: () => [
        ...openContacts("crm_contact_log_menu_to_confirm"),
        {
            content: "One meeting did not take place",
            trigger: ".o_data_row:contains(Anna Buyer) button[name=action_dismiss]",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:contains(Anna Buyer))",
        },
        {
            content: "Two are right as they are",
            trigger: ".o_data_row:contains(Quick Guest):first .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(Quick Guest):last .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel button[name=action_confirm]",
            run: "click",
        },
        {
            trigger: ".o_list_view:not(:contains(Quick Guest))",
        },
        {
            content: "The other one did",
            trigger: ".o_data_row:contains(Zoya Director) button[name=action_open_entry]",
            run: "click",
        },
        result("They like it"),
        {
            trigger: ".modal button[name=action_confirm]",
            run: "click",
        },
        {
            content: "Nothing is left to be confirmed",
            trigger: ".o_view_nocontent:contains(Nothing waits to be confirmed)",
        },
    ],
});

tours.add("sales_funnel_control.contact_message", {
    steps: () => [
        {
            trigger: ".o-mail-Message:contains(Our order)",
            run: "hover && click .o-mail-Message:contains(Our order) [title='Expand']",
        },
        {
            content: "Keep the mail as a contact",
            trigger: ".o-dropdown-item:contains(Log as Contact)",
            run: "click",
        },
        {
            content: "What is known is there already",
            trigger: ".modal [name=contact_id] input:value(Anna Buyer)",
        },
        ...save,
    ],
});
