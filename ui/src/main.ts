import { VueQueryPlugin } from '@tanstack/vue-query'
import { createApp } from 'vue'
import App from './App.vue'
import { queries } from './api/session'
import { router } from './router'
import { listenForKeys } from './state/keys'
import { keepPreferences } from './state/preferences'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/tables.css'

keepPreferences()
listenForKeys()
createApp(App).use(router).use(VueQueryPlugin, { queryClient: queries }).mount('#app')
