import type { Texts } from "./texts.ts";

export const ja: Texts = {
  name: "日本語",
  title: "プライバシーに関する選択",
  lead: "あなたに関するデータを何に使ってよいかは、あなたが決めます。いつでも変更でき、拒否も許可と同じように簡単です。",
  skip: "選択へ移動",
  language: "言語",
  purposes: {
    personalisation: {
      name: "パーソナライズ",
      plain: "ここでご覧になったものや購入されたものに合わせて表示します。許可しない場合は、どなたにも同じ内容が表示されます。",
    },
    analytics: {
      name: "利用状況の分析",
      plain: "ページを改善するために、利用状況を集計します。許可しない場合は、あなたの訪問は集計されません。",
    },
    "email-marketing": {
      name: "お知らせとお得な情報",
      plain: "商品、特典、イベントについてご連絡します。許可しない場合は、ご注文に関する連絡だけをお送りします。",
    },
    advertising: {
      name: "広告",
      plain:
        "ほかの場所で当社の広告を表示するために、あなたに関するデータを他社と共有します。許可しない場合は、この目的での共有は行いません。",
    },
  },
  states: { granted: "許可", denied: "拒否", withdrawn: "撤回", expired: "期限切れ", none: "未回答" },
  on: "オン",
  off: "オフ",
  allow: "許可する",
  refuse: "拒否する",
  choiceOf: (purpose) => `あなたの選択：${purpose}`,
  save: (purpose) => `保存：${purpose}`,
  saveAll: "すべての選択を保存",
  all: {
    title: "まとめて選ぶ",
    plain: "一度のクリックで済みます。拒否すると、以前の許可も撤回されます。",
    allow: "すべて許可する",
    refuse: "すべて拒否する",
    withdraw: "すべて撤回する",
  },
  facts: {
    title: "法律の条文と提供先の詳細",
    basis: "法的根拠",
    optIn: "あなたの同意：許可されるまでオフです。",
    optOut: "拒否されるまでオンです。いつでも拒否する権利があります。",
    ownPromise: "ここでは法律上の義務ではありませんが、あなたの同意をいただきます。",
    law: "法律の条文",
    recipients: "データの提供先",
    until: "許可の有効期限",
    processor: "当社の指示に従って業務を行います",
    thirdParty: "データの使い方を自ら決定します",
  },
  under: "許可する場合のご希望",
  unticked: { open: "まだ選択されていません：いずれも行われる可能性があります。", none: "いずれも行いません。" },
  groups: {
    tier: { title: "配信の範囲", options: { full: "すべて", essentials: "重要なものだけ", none: "今は受け取らない" } },
    channels: { title: "ご連絡の方法", options: { email: "メール", sms: "SMS", push: "端末への通知", post: "郵便" } },
    topics: { title: "内容", options: { news: "新商品", offers: "特典", events: "イベント" } },
    frequency: { title: "頻度", options: { each: "情報があるたびに", weekly: "多くても週に一度", monthly: "多くても月に一度" } },
  },
  gpc: {
    honoured: "オプトアウトの要求に対応しました",
    plain: (purposes) =>
      `お使いのブラウザは Global Privacy Control の信号を送信しています。当社はこれを、データを販売または共有しないようにという要求として扱います。このブラウザでは次の項目がオフです：${purposes}。`,
    here: "ブラウザが Global Privacy Control の信号を送信しているため、オフです。それでもここで許可された場合は、拒否または撤回されるまで、信号よりもあなたの選択が優先されます。",
    allow: "信号にかかわらず許可する",
    sent: "お使いのブラウザは Global Privacy Control を送信しています",
    despite: (purposes) => `それでも許可された項目：${purposes}。いつでも撤回できます。`,
    overridden: "ブラウザが Global Privacy Control の信号を送信していますが、あなたはこれを許可しています。",
    notice:
      "ブラウザが Global Privacy Control の信号を送信している場合、これはオフです。それでも許可することができ、その場合は、拒否または撤回されるまで、信号よりもあなたの選択が優先されます。",
  },
  confirm: {
    title: "ご確認ください",
    plain: (purposes) =>
      `現在は拒否となっている項目です：${purposes}。誤って許可されることのないよう、もう一度お尋ねします。再び許可しますか。`,
    yes: "はい、再び許可する",
    no: "いいえ、オフのままにする",
  },
  readOnly: {
    title: "現在、ここでは拒否と撤回だけができます",
    plain: "このサービスは導入中です。拒否や撤回はすぐに有効になります。許可は後日できるようになります。",
  },
  messages: {
    saved: (what) => `保存しました。${what}。`,
    applied: "ただちに有効です。",
    pending: "記録しました。60 秒以内にページへ反映されます。",
    nothing: "変更はありませんでした。現在の状態は以下のとおりです。",
    stale: (what) =>
      `このページを開いたあと、別の場所で選択が変更されました。まだ保存されていません：${what}。現在の状態を確認し、もう一度保存してください。`,
    staleNothingLost: "選んだ内容は下に残っています。",
    readOnly: (what) => `保存されていません：${what}。現在、ここでは拒否と撤回だけができます。`,
    confirm: (what) => `まだ許可されていません：${what}。下でご確認ください。`,
    foreign: "変更はありません。この要求はこのページから送られたものではありません。ここで選択してください。",
    signalled: (what) =>
      `許可されていません：${what}。ブラウザが Global Privacy Control の信号を送信しています。それでも許可する場合は、下でお選びください。`,
    unreachable: "応答がなかったため、保存されていない可能性があります。選んだ内容は残っています。もう一度お試しください。",
    elsewhere: "別のウィンドウで選択が変更されました。ここに表示されている内容は最新でない可能性があります。",
    trouble: {
      title: "現在ご利用いただけません",
      plain:
        "当社側の問題です。選択を保存しようとしていた場合は、保存されていない可能性があります。しばらくしてからこのページを開き直してご確認ください。",
    },
    noSubject: {
      title: "このブラウザの記録がありません",
      plain:
        "このブラウザには選択が保存されていないか、訪問の有効期限が切れています。同意が必要なことは何も行われません。選択するには「はじめる」を押してください。そのとき初めて、あなたの選択だけを表す乱数を収めた Cookie が設定されます。",
      begin: "はじめる",
    },
  },
  item: (purpose, state) => `${purpose}：${state}`,
  unsaved: "まだ保存されていません",
  history: {
    title: "これまでの選択",
    plain: "変更はすべて、あなたの意思の証拠として保存されます。受領書をダウンロードできます。",
    none: "まだ何も選択していません。",
    receipt: "受領書",
    receiptOf: (what, when) => `受領書をダウンロード：${what}、${when}`,
    signal: "ブラウザの信号による",
    preferences: "ご希望の変更",
    earlier: "以前の変更",
    newest: "最新の変更",
  },
  unsubscribe: {
    title: (purpose) => `配信停止：${purpose}`,
    plain: "一度のクリックで済みます。ログインは不要で、ほかの設定は変わりません。",
    button: "配信を停止する",
    done: { title: "配信を停止しました", plain: (purpose) => `次の項目は今後オフです：${purpose}。ほかに必要な操作はありません。` },
    unknown: {
      title: "このリンクは有効ではありません",
      plain: "何も変更されていません。メールのリンク全体を開くか、すべての選択のページでお選びください。",
    },
    choices: "プライバシーに関するすべての選択",
  },
  notice: {
    title: "お伝えした内容",
    shown: (id, version) => `通知 ${id}、バージョン ${version}`,
    read: "テキストで読む",
  },
};
