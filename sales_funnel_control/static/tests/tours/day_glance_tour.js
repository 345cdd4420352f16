import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const IVANENKO = ".o_day_manager:contains(Ivanenko)";

tours.add("sales_funnel_control.day_glance_head", {
    steps: () => [
        {
            content: "The team's day",
            trigger: ".o_day_total [data-figure=new_clients] button:contains(1)",
        },
        {
            content: "Who brought the client",
            trigger: `${IVANENKO} [data-figure=new_clients] button:contains(1)`,
            run: "click",
        },
        {
            content: "The client behind the figure",
            trigger: ".o_list_view .o_data_row:contains(Day Deal)",
        },
        {
            trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item a:contains(Day at a Glance)",
            run: "click",
        },
        {
            content: "The day before had none",
            trigger: ".o_day_previous",
            run: "click",
        },
        {
            trigger: ".o_day_today:not(.active)",
        },
        {
            trigger: `${IVANENKO} [data-figure=new_clients]:contains(0)`,
        },
        {
            content: "Back to today",
            trigger: ".o_day_today",
            run: "click",
        },
        {
            content: "Set a task to the manager",
            trigger: `.o_day_glance:has(.o_day_today.active) ${IVANENKO} .o_day_task`,
            run: "click",
        },
        {
            trigger:
                ".modal .o_field_widget[name=user_ids] img[alt*=Ivanenko], .modal .o_field_widget[name=user_ids]:contains(Ivanenko)",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Call the owner",
        },
        {
            trigger: ".modal button[name=action_set]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Call the owner)",
        },
    ],
});

tours.add("sales_funnel_control.day_glance_phone", {
    steps: () => [
        {
            trigger: `${IVANENKO} [data-figure=new_clients] button:contains(1)`,
            run() {
                const page = document.documentElement;
                if (page.scrollWidth > page.clientWidth) {
                    throw new Error("The day does not fit on the phone.");
                }
                for (const card of document.querySelectorAll(".o_day_card")) {
                    if (card.getBoundingClientRect().right > window.innerWidth) {
                        throw new Error("A card is wider than the phone.");
                    }
                }
            },
        },
        {
            trigger: `${IVANENKO} [data-figure=new_clients] button`,
            run: "click",
        },
        {
            trigger: ".o_view_controller :contains(Day Deal)",
        },
    ],
});

tours.add("sales_funnel_control.task_manager", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Call the owner) td[name=name]",
            run: "click",
        },
        {
            content: "Only the head withdraws it",
            trigger:
                ".o_form_view:not(:has(button[name=action_withdraw])) button[name=action_done]",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Done in Time)",
        },
    ],
});
