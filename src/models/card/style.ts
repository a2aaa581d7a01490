/** What a card looks like on a screen and on paper; nothing is loaded from elsewhere. */
export const STYLE = `
:root{--ink:#1b2733;--soft:#5b6b7a;--line:#dfe5ea;--deep:#12436d;--pale:#eef3f7;--good:#1f6f43;--bad:#a32020;--amber:#a86a00}
*{box-sizing:border-box}
body{margin:0;background:#f5f7f9;color:var(--ink);font:15px/1.6 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC",sans-serif}
header{background:var(--deep);color:#fff;padding:2.4rem 0 4.4rem}
header>div,main{max-width:1300px;margin:0 auto;padding:0 1.5rem}
header p{margin:0;opacity:.85;letter-spacing:.04em}
h1{font-size:1.75rem;line-height:1.25;margin:.25rem 0 .6rem}
.badge{display:inline-block;border-radius:99px;padding:.1rem .8rem;font-size:.85rem;font-weight:600;background:#fff;color:var(--deep)}
.badge.good{background:#d9f2e3;color:var(--good)}.badge.bad{background:#fbe3e3;color:var(--bad)}
main{padding-bottom:3rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:.8rem;margin-top:-3rem}
.tile{background:#fff;border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;box-shadow:0 1px 4px #1b273314}
.tile b{display:block;font-size:1.45rem;line-height:1.3;font-variant-numeric:tabular-nums;color:var(--deep)}
.tile span{display:block;font-size:.8rem;line-height:1.35;color:var(--soft)}.tile .label{color:var(--ink);font-weight:600}
.columns{display:grid;grid-template-columns:215px minmax(0,1fr);gap:1.6rem;margin-top:1.6rem;align-items:start}
nav{position:sticky;top:1rem;font-size:.88rem;line-height:1.45}
nav p{margin:0 0 .4rem;font-weight:600}nav ol{margin:0;padding:0;list-style:none}nav li{padding:.2rem 0}
a{color:var(--deep);text-decoration:none}a:hover{text-decoration:underline}
section{background:#fff;border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.5rem 1.3rem;margin-bottom:1.1rem;scroll-margin-top:1rem}
h2{font-size:1.22rem;margin:0 0 .7rem;color:var(--deep)}h3{font-size:1rem;margin:1.5rem 0 .5rem}
p{margin:.5rem 0;max-width:75ch}
blockquote{margin:.5rem 0;padding:.5rem 1rem;border-left:4px solid #e8a33d;background:#fdf8ef;max-width:75ch}blockquote p{margin:.3rem 0}
.notice{border-left:4px solid var(--bad);background:#fdf1f1;padding:.5rem 1rem;max-width:75ch}
ul{margin:.5rem 0;padding-left:1.2rem;max-width:75ch}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.45;margin:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.34rem .9rem .34rem 0;border-bottom:1px solid var(--line);overflow-wrap:break-word}
thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:0 1.6rem;margin:.4rem 0;font-size:.9rem;line-height:1.45}
dl div{display:grid;grid-template-columns:9.5rem minmax(0,1fr);gap:.8rem;padding:.34rem 0;border-bottom:1px solid var(--line)}dt{color:var(--soft);font-weight:600}dd{margin:0;overflow-wrap:anywhere}
.s{white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;padding-right:1.3rem}
code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
pre{background:#16222e;color:#e6edf3;border-radius:8px;padding:.8rem 1rem;overflow-x:auto;font-size:.86rem;line-height:1.5;margin:.5rem 0}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
.bar{position:relative;display:inline-block;width:7.5rem;height:.72rem;background:var(--pale);border-radius:3px;margin-right:.6rem;vertical-align:-.05rem}
.bar i{position:absolute;inset:0 auto 0 0;background:var(--deep);border-radius:3px}.bar.low i{background:var(--bad)}.bar u{position:absolute;top:-3px;bottom:-3px;width:2px;background:var(--amber)}
.bands{display:flex;gap:2px;margin:.3rem 0 1.6rem}
.bands div{flex:1;min-width:0;text-align:center;padding:.5rem .2rem;color:#fff;font-size:.8rem;line-height:1.3;position:relative}
.bands b{display:block;font-size:1.2rem}.bands div:first-child{border-radius:8px 0 0 8px}.bands div:last-child{border-radius:0 8px 8px 0}
.bands .APPROVE{background:var(--good)}.bands .REFER{background:var(--amber)}.bands .DECLINE{background:var(--bad)}
.bands em{position:absolute;left:-1px;top:100%;transform:translateX(-50%);font-style:normal;font-size:.74rem;color:var(--soft);white-space:nowrap;padding-top:.15rem}
.steps{list-style:none;padding:0;margin:.4rem 0;max-width:none}
.steps li{position:relative;padding:0 0 .7rem 1.4rem;border-left:2px solid var(--line);margin-left:.35rem}.steps li:last-child{border-color:transparent;padding-bottom:0}
.steps li::before{content:"";position:absolute;left:-7px;top:.45rem;width:12px;height:12px;border-radius:50%;background:var(--deep)}
.steps time{color:var(--soft);font-size:.85rem;margin-left:.5rem}.steps q{display:block;quotes:none;color:var(--soft)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,380px),1fr));gap:1rem;margin:.6rem 0}
figure{margin:0}figure.full{grid-column:1/-1;max-width:860px}figure svg{display:block;width:100%;height:auto}figcaption{font-size:.84rem;line-height:1.45;color:var(--soft);padding:.3rem .2rem}
@media(max-width:860px){.columns{display:block}nav{display:none}section{padding:1rem}}
@media print{body{background:#fff;font-size:12px}header{color:#000;background:#fff;padding:0}nav{display:none}.columns{display:block}.tiles{margin-top:1rem}section,.tile{border:0;box-shadow:none;padding:.3rem 0}figure,tr,.tile{break-inside:avoid}pre{background:#fff;color:#000;border:1px solid #999;white-space:pre-wrap}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
