<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>CommandLine</name>
    <message>
        <source>The workbench window of Athanor.</source>
        <translation>Athanor 的工作台窗口。</translation>
    </message>
    <message>
        <source>Render one page into a PNG file and leave.</source>
        <translation>将一个页面绘制到 PNG 文件后退出。</translation>
    </message>
    <message>
        <source>Page to show: runs, experiment, live, compare or preferences.</source>
        <translation>要显示的页面：runs、experiment、live、compare 或 preferences。</translation>
    </message>
    <message>
        <source>Number of the run to open.</source>
        <translation>要打开的运行的编号。</translation>
    </message>
    <message>
        <source>Numbers of runs to lay side by side, the baseline first: 3,1,2.</source>
        <translation>要并列比较的运行编号，基线在前：3,1,2。</translation>
    </message>
    <message>
        <source>Size of the window, for example 1360x860.</source>
        <translation>窗口大小，例如 1360x860。</translation>
    </message>
    <message>
        <source>Recipe file to start a new experiment from.</source>
        <translation>新实验所基于的配方文件。</translation>
    </message>
    <message>
        <source>Part of the live page to show: timeline, board or bottom.</source>
        <translation>要显示的实时页面部分：timeline、board 或 bottom。</translation>
    </message>
    <message>
        <source>View of the compare page: curves, differences, relations, pictures or lineage.</source>
        <translation>比较页面的视图：curves、differences、relations、pictures 或 lineage。</translation>
    </message>
    <message>
        <source>Action to run before the page is rendered, by its id.</source>
        <translation>绘制页面前要执行的操作（其标识）。</translation>
    </message>
    <message>
        <source>Show the recipe as text.</source>
        <translation>以文本显示配方。</translation>
    </message>
    <message>
        <source>Print the milliseconds from the start of the process to the first interactive frame, and leave.</source>
        <translation>输出从进程启动到首个可交互画面的毫秒数后退出。</translation>
    </message>
    <message>
        <source>Print for every drawn sample how long it took from being measured.</source>
        <translation>对每个绘制的样本，输出从测量到显示所用的时间。</translation>
    </message>
    <message>
        <source>--run: must be the number of a run</source>
        <translation>--run：必须是运行的编号</translation>
    </message>
    <message>
        <source>--compare: must look like 3,1,2</source>
        <translation>--compare：格式应如 3,1,2</translation>
    </message>
    <message>
        <source>--size: must look like 1360x860, at least 320x240</source>
        <translation>--size：格式应如 1360x860，不小于 320x240</translation>
    </message>
    <message>
        <source>--page: must be runs, experiment, live, compare or preferences</source>
        <translation>--page：必须是 runs、experiment、live、compare 或 preferences</translation>
    </message>
    <message>
        <source>--view: must be curves, differences, relations, pictures or lineage</source>
        <translation>--view：必须是 curves、differences、relations、pictures 或 lineage</translation>
    </message>
    <message>
        <source>Look for this session: light, dark or contrast.</source>
        <translation>本次会话的外观：light、dark 或 contrast。</translation>
    </message>
    <message>
        <source>Language for this session: en, de or zh.</source>
        <translation>本次会话的语言：en、de 或 zh。</translation>
    </message>
    <message>
        <source>--theme: must be light, dark or contrast</source>
        <translation>--theme：必须是 light、dark 或 contrast</translation>
    </message>
    <message>
        <source>--language: must be en, de or zh</source>
        <translation>--language：必须是 en、de 或 zh</translation>
    </message>
</context>
<context>
    <name>LiveWords</name>
    <message>
        <source>Preparing</source>
        <translation>准备中</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Evaluated</source>
        <translation>已评估</translation>
    </message>
    <message>
        <source>Evaluated: T→P %1</source>
        <translation>已评估：文→图 %1</translation>
    </message>
    <message>
        <source>Checkpoint of %1 written in %2</source>
        <translation>%1 的检查点已写入，用时 %2</translation>
    </message>
    <message>
        <source>Computes in %1 instead of %2: %3</source>
        <translation>改用 %1 计算（原为 %2）：%3</translation>
    </message>
    <message>
        <source>%1, forward: %2 → %3</source>
        <translation>%1，前向：%2 → %3</translation>
    </message>
    <message>
        <source>%1, backward: %2 → %3</source>
        <translation>%1，反向：%2 → %3</translation>
    </message>
    <message>
        <source>Plan recorded</source>
        <translation>已记录计划</translation>
    </message>
    <message>
        <source>Plan held against the steps so far</source>
        <translation>已用至今各步检验计划</translation>
    </message>
    <message>
        <source>Alert over: %1</source>
        <translation>警报解除：%1</translation>
    </message>
    <message>
        <source>Alert: %1</source>
        <translation>警报：%1</translation>
    </message>
    <message>
        <source>Could not %1: %2</source>
        <translation>未能完成：%1：%2</translation>
    </message>
    <message>
        <source>Went on from %1</source>
        <translation>从 %1 继续</translation>
    </message>
    <message>
        <source>Layers of the stages: %1 instead of %2, for a step %3 shorter</source>
        <translation>各阶段的层数：%1（原为 %2），每步缩短 %3</translation>
    </message>
    <message>
        <source>Micro-batches of the replicas: %1 instead of %2, for a step %3 shorter</source>
        <translation>各副本的微批次：%1（原为 %2），每步缩短 %3</translation>
    </message>
    <message>
        <source>Rank %1 has caught up since step %2</source>
        <translation>Rank %1 自第 %2 步起已恢复正常</translation>
    </message>
    <message>
        <source>Rank %1 takes %2 longer than at the beginning since step %3: %4</source>
        <translation>Rank %1 自第 %3 步起比开始时慢 %2：%4</translation>
    </message>
    <message>
        <source>Rank %1 takes %2 longer than ranks with the same work since step %3: %4</source>
        <translation>Rank %1 自第 %3 步起比工作量相同的 rank 慢 %2：%4</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>The first step brings the first loss</source>
        <translation>第一步完成后显示损失</translation>
    </message>
    <message>
        <source>training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>evaluation</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>Retrieval on unseen styles</source>
        <translation>未见风格上的检索</translation>
    </message>
    <message>
        <source>The first evaluation brings the first figures</source>
        <translation>首次评估后显示结果</translation>
    </message>
    <message>
        <source>text → picture R@1</source>
        <translation>文本 → 图片 R@1</translation>
    </message>
    <message>
        <source>text → picture R@10</source>
        <translation>文本 → 图片 R@10</translation>
    </message>
    <message>
        <source>picture → text R@1</source>
        <translation>图片 → 文本 R@1</translation>
    </message>
    <message>
        <source>picture → text R@10</source>
        <translation>图片 → 文本 R@10</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Nothing measured yet</source>
        <translation>尚无测量值</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>梯度范数</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>吞吐量</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>样本/s</translation>
    </message>
    <message>
        <source>Loss scale</source>
        <translation>损失缩放</translation>
    </message>
    <message>
        <source>Products in FP8</source>
        <translation>FP8 矩阵乘法</translation>
    </message>
    <message>
        <source>Updates lost in rounding</source>
        <translation>舍入中丢失的更新</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>GPU %1</source>
        <translation>GPU %1</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>Waiting for its turn</source>
        <translation>等待轮到</translation>
    </message>
    <message>
        <source>Over before its first step</source>
        <translation>在第一步之前已结束</translation>
    </message>
    <message>
        <source>Going on from step %1 of run %2</source>
        <translation>从运行 %2 的第 %1 步继续</translation>
    </message>
    <message>
        <source>Step %1 of %2</source>
        <translation>第 %1 步，共 %2 步</translation>
    </message>
    <message>
        <source>Step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>剩余 %1</translation>
    </message>
    <message>
        <source>%1 steps/s</source>
        <translation>%1 步/s</translation>
    </message>
    <message>
        <source>%1 so far</source>
        <translation>已用 %1</translation>
    </message>
    <message>
        <source>took %1</source>
        <translation>用时 %1</translation>
    </message>
    <message>
        <source>What came before is told by: athanor-run show RUN --events</source>
        <translation>更早的记录见：athanor-run show RUN --events</translation>
    </message>
    <message numerus="yes">
        <source>%n product(s) change their number format</source>
        <translation>
            <numerusform>%n 个矩阵乘法改变了数值格式</numerusform>
        </translation>
    </message>
    <message>
        <source>Pace</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Peak memory</source>
        <translation>内存峰值</translation>
    </message>
    <message>
        <source>Time to finish</source>
        <translation>剩余时间</translation>
    </message>
    <message>
        <source>rank %1 lost</source>
        <translation>rank %1 丢失</translation>
    </message>
    <message>
        <source>went back</source>
        <translation>已回退</translation>
    </message>
    <message>
        <source>forked</source>
        <translation>已派生</translation>
    </message>
    <message>
        <source>resumed</source>
        <translation>已恢复</translation>
    </message>
    <message>
        <source>The run failed: it could not %1</source>
        <translation>运行失败：未能完成：%1</translation>
    </message>
    <message>
        <source>The run broke off</source>
        <translation>运行中断</translation>
    </message>
    <message>
        <source>The run failed</source>
        <translation>运行失败</translation>
    </message>
    <message>
        <source>Resume goes on from its last whole checkpoint</source>
        <translation>“恢复”会从其最后一个完整检查点继续</translation>
    </message>
    <message>
        <source>It can be started again</source>
        <translation>可以重新启动</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Could not %1</source>
        <translation>未能完成：%1</translation>
    </message>
</context>
<context>
    <name>Numbers</name>
    <message>
        <source>not a number</source>
        <translation>不是数字</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Gradients</source>
        <translation>梯度</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>优化器</translation>
    </message>
    <message>
        <source>Activations</source>
        <translation>激活值</translation>
    </message>
    <message>
        <source>Workspace</source>
        <translation>工作区</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>程序</translation>
    </message>
</context>
<context>
    <name>QueryWords</name>
    <message>
        <source>“%1” is no field, parameter or metric.</source>
        <translation>“%1”不是字段、参数或指标。</translation>
    </message>
    <message>
        <source>“%1” may be any of: %2.</source>
        <translation>“%1”可能是以下之一：%2。</translation>
    </message>
    <message>
        <source>“%1” cannot be compared or computed with what stands beside it.</source>
        <translation>“%1”不能与旁边的内容比较或运算。</translation>
    </message>
    <message>
        <source>“%1” is no regular expression.</source>
        <translation>“%1”不是正则表达式。</translation>
    </message>
    <message>
        <source>“%1” is in no calendar.</source>
        <translation>“%1”不是有效日期。</translation>
    </message>
    <message>
        <source>This is longer or deeper than a query may be.</source>
        <translation>查询过长或嵌套过深。</translation>
    </message>
    <message>
        <source>Something is missing at the end.</source>
        <translation>末尾缺少内容。</translation>
    </message>
    <message>
        <source>“%1” does not fit here.</source>
        <translation>“%1”不能用在这里。</translation>
    </message>
    <message>
        <source>Perhaps %1 is meant.</source>
        <translation>也许是指 %1。</translation>
    </message>
    <message>
        <source>metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>field of the recipe</source>
        <translation>配方字段</translation>
    </message>
    <message>
        <source>of the run</source>
        <translation>运行的属性</translation>
    </message>
    <message>
        <source>over the whole curve</source>
        <translation>对整条曲线</translation>
    </message>
</context>
<context>
    <name>QueueWords</name>
    <message>
        <source>waits for its turn</source>
        <translation>等待轮到</translation>
    </message>
    <message>
        <source>begins now</source>
        <translation>即将开始</translation>
    </message>
    <message>
        <source>held</source>
        <translation>已挂起</translation>
    </message>
    <message>
        <source>held, something went wrong</source>
        <translation>已挂起：出现问题</translation>
    </message>
    <message>
        <source>held, what it follows went wrong</source>
        <translation>已挂起：前序运行出现问题</translation>
    </message>
    <message>
        <source>its sweep is held</source>
        <translation>所属扫描已挂起</translation>
    </message>
    <message numerus="yes">
        <source>after run(s) %1</source>
        <translation>
            <numerusform>在运行 %1 之后</numerusform>
        </translation>
    </message>
    <message>
        <source>tries again soon</source>
        <translation>稍后重试</translation>
    </message>
    <message>
        <source>the queue is held</source>
        <translation>队列已挂起</translation>
    </message>
    <message numerus="yes">
        <source>waits for %n core(s)</source>
        <translation>
            <numerusform>等待 %n 个核心</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>waits for %n GPU(s)</source>
        <translation>
            <numerusform>等待 %n 个 GPU</numerusform>
        </translation>
    </message>
    <message>
        <source>behind run %1</source>
        <translation>排在运行 %1 之后</translation>
    </message>
    <message>
        <source>Place %1 of the queue, priority %2: %3</source>
        <translation>队列第 %1 位，优先级 %2：%3</translation>
    </message>
    <message>
        <source>The last attempt ended with: %1</source>
        <translation>上次尝试的结果：%1</translation>
    </message>
</context>
<context>
    <name>RecoveryWords</name>
    <message>
        <source>Noticed</source>
        <translation>发现</translation>
    </message>
    <message>
        <source>From the last sign of life of the rank until somebody noticed that it was lost</source>
        <translation>从该 rank 最后一次有响应到发现其丢失</translation>
    </message>
    <message>
        <source>noticed after %1</source>
        <translation>%1 后发现</translation>
    </message>
    <message>
        <source>Decided</source>
        <translation>决定</translation>
    </message>
    <message>
        <source>Until it was decided what to do</source>
        <translation>直到决定如何处理</translation>
    </message>
    <message>
        <source>decided in %1</source>
        <translation>用 %1 决定</translation>
    </message>
    <message>
        <source>All there</source>
        <translation>全部就位</translation>
    </message>
    <message>
        <source>Until all ranks were there, with the one in its place</source>
        <translation>直到所有 rank（含替补）就位</translation>
    </message>
    <message>
        <source>all ranks there after %1</source>
        <translation>%1 后所有 rank 就位</translation>
    </message>
    <message>
        <source>One state</source>
        <translation>状态一致</translation>
    </message>
    <message>
        <source>Until all ranks had one state of the training</source>
        <translation>直到所有 rank 的训练状态一致</translation>
    </message>
    <message>
        <source>one state in %1</source>
        <translation>用 %1 达成状态一致</translation>
    </message>
    <message>
        <source>Step again</source>
        <translation>重做该步</translation>
    </message>
    <message>
        <source>Until the step that was broken off was done</source>
        <translation>直到被中断的一步完成</translation>
    </message>
    <message>
        <source>step taken again in %1</source>
        <translation>用 %1 重做该步</translation>
    </message>
    <message>
        <source>went on after %1</source>
        <translation>%1 后继续</translation>
    </message>
    <message>
        <source>went on</source>
        <translation>已继续</translation>
    </message>
</context>
<context>
    <name>RunWishes</name>
    <message>
        <source>The run is over.</source>
        <translation>运行已结束。</translation>
    </message>
    <message>
        <source>The run is stopping.</source>
        <translation>运行正在停止。</translation>
    </message>
    <message>
        <source>The run is going on.</source>
        <translation>运行正在进行。</translation>
    </message>
    <message>
        <source>The run is finished.</source>
        <translation>运行已完成。</translation>
    </message>
</context>
<context>
    <name>RunWords</name>
    <message>
        <source>Queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>启动中</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>Stopping</source>
        <translation>正在停止</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Broken off</source>
        <translation>已中断</translation>
    </message>
    <message numerus="yes">
        <source>%n place(s) of its journal are damaged; what %1 told is missing here</source>
        <translation>
            <numerusform>其日志有 %n 处损坏；此处缺少 %1 的相应内容</numerusform>
        </translation>
    </message>
    <message>
        <source>replicas</source>
        <translation>副本</translation>
    </message>
    <message>
        <source>tensor shards</source>
        <translation>张量分片</translation>
    </message>
    <message>
        <source>stages</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>%1 between %2</source>
        <translation>%2间 %1</translation>
    </message>
    <message>
        <source>%1 are free again</source>
        <translation>腾出 %1</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>刚刚</translation>
    </message>
    <message>
        <source>%1 min ago</source>
        <translation>%1 分钟前</translation>
    </message>
    <message>
        <source>today %1</source>
        <translation>今天 %1</translation>
    </message>
    <message>
        <source>yesterday %1</source>
        <translation>昨天 %1</translation>
    </message>
    <message>
        <source>d MMM</source>
        <translation>M月d日</translation>
    </message>
    <message>
        <source>d MMM yyyy</source>
        <translation>yyyy年M月d日</translation>
    </message>
</context>
<context>
    <name>TimelineWords</name>
    <message>
        <source>micro-batch %1</source>
        <translation>微批次 %1</translation>
    </message>
    <message>
        <source>stage %1</source>
        <translation>阶段 %1</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>not told</source>
        <translation>未报告</translation>
    </message>
    <message>
        <source>Step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>%1: bubbles %2</source>
        <translation>%1：气泡 %2</translation>
    </message>
    <message>
        <source>Rank %1, slow</source>
        <translation>Rank %1，慢</translation>
    </message>
    <message>
        <source>Rank %1</source>
        <translation>Rank %1</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>measured, lane %1</source>
        <translation>实测，通道 %1</translation>
    </message>
    <message>
        <source>data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>forward</source>
        <translation>前向</translation>
    </message>
    <message>
        <source>backward</source>
        <translation>反向</translation>
    </message>
    <message>
        <source>input gradient</source>
        <translation>输入梯度</translation>
    </message>
    <message>
        <source>weight gradient</source>
        <translation>权重梯度</translation>
    </message>
    <message>
        <source>sending</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>waiting for a message</source>
        <translation>等待消息</translation>
    </message>
    <message>
        <source>exchange with replicas</source>
        <translation>与副本交换</translation>
    </message>
    <message>
        <source>optimizer</source>
        <translation>优化器</translation>
    </message>
    <message>
        <source>evaluation</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>offloading</source>
        <translation>卸载</translation>
    </message>
    <message>
        <source>waiting for others</source>
        <translation>等待其他 rank</translation>
    </message>
    <message>
        <source>Communication waited for</source>
        <translation>等待通信</translation>
    </message>
    <message>
        <source>%1 of %2, all ranks together</source>
        <translation>%1 / %2，所有 rank 合计</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 / %2</translation>
    </message>
    <message>
        <source>predicted %1</source>
        <translation>预测 %1</translation>
    </message>
    <message>
        <source>Bubbles</source>
        <translation>气泡</translation>
    </message>
    <message>
        <source>nothing is predicted: the step is not whole</source>
        <translation>无预测：该步不完整</translation>
    </message>
    <message>
        <source>Sent each step</source>
        <translation>每步发送量</translation>
    </message>
</context>
<context>
    <name>athanor::app::ActionRegistry</name>
    <message>
        <source>There is no such action.</source>
        <translation>没有这个操作。</translation>
    </message>
    <message>
        <source>Go to the page “%1” first.</source>
        <translation>请先转到“%1”页面。</translation>
    </message>
</context>
<context>
    <name>athanor::app::AxisButton</name>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>Samples seen</source>
        <translation>已见样本数</translation>
    </message>
    <message>
        <source>Time since the start</source>
        <translation>自开始以来的时间</translation>
    </message>
    <message>
        <source>Wall clock</source>
        <translation>时钟时间</translation>
    </message>
    <message>
        <source>What the curves are drawn over</source>
        <translation>曲线的横轴</translation>
    </message>
    <message>
        <source>What the curves are drawn over (X)</source>
        <translation>曲线的横轴（X）</translation>
    </message>
    <message>
        <source>Over: %1</source>
        <translation>横轴：%1</translation>
    </message>
</context>
<context>
    <name>athanor::app::CommandWords</name>
    <message>
        <source>--set needs a field and its value: train.steps=200</source>
        <translation>--set 需要字段及其值：train.steps=200</translation>
    </message>
    <message>
        <source>--fork needs a step</source>
        <translation>--fork 需要一个步数</translation>
    </message>
    <message>
        <source>--from needs the folder of a run</source>
        <translation>--from 需要某次运行的文件夹</translation>
    </message>
    <message>
        <source>“%1” cannot be said here: only --set, --fork and --from</source>
        <translation>此处不能使用“%1”：只能用 --set、--fork 和 --from</translation>
    </message>
    <message>
        <source>“%1” is one recipe too many</source>
        <translation>“%1”是多余的配方</translation>
    </message>
    <message>
        <source>a quotation does not end</source>
        <translation>引号没有结束</translation>
    </message>
    <message>
        <source>it begins with: athanor-run train</source>
        <translation>命令应以 athanor-run train 开头</translation>
    </message>
    <message>
        <source>it names no recipe</source>
        <translation>没有指定配方</translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareCurves</name>
    <message>
        <source>None of these runs has measured this</source>
        <translation>这些运行都没有测量此项</translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareList</name>
    <message>
        <source>Compared runs</source>
        <translation>比较中的运行</translation>
    </message>
</context>
<context>
    <name>athanor::app::ComparePage</name>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Some pages of the history are damaged</source>
        <translation>历史记录的部分页已损坏</translation>
    </message>
    <message>
        <source>Samples of %1 of run %2 from step %3 on are drawn from their summaries</source>
        <translation>运行 %2 的 %1 样本自第 %3 步起按汇总绘制</translation>
    </message>
    <message>
        <source>What they held was read from other pages; nothing is lost</source>
        <translation>其内容已从其他页读出，没有丢失</translation>
    </message>
    <message>
        <source>Build the history again from the run directories: athanor-agent rebuild</source>
        <translation>从运行目录重建历史记录：athanor-agent rebuild</translation>
    </message>
    <message>
        <source>Nothing to compare yet</source>
        <translation>尚无可比较的内容</translation>
    </message>
    <message>
        <source>Select some runs in the table and press C: their curves are laid over each other here, with what their recipes differ in.</source>
        <translation>在表格中选择若干运行并按 C：它们的曲线会叠放在这里，并列出配方的差异。</translation>
    </message>
    <message>
        <source>Choose runs</source>
        <translation>选择运行</translation>
    </message>
    <message>
        <source>Curves</source>
        <translation>曲线</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Relations</source>
        <translation>关联</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Lineage</source>
        <translation>谱系</translation>
    </message>
    <message>
        <source>Metrics…</source>
        <translation>指标…</translation>
    </message>
    <message>
        <source>Choose which metrics are drawn (M)</source>
        <translation>选择要绘制的指标 (M)</translation>
    </message>
    <message>
        <source>View: %1</source>
        <translation>视图：%1</translation>
    </message>
    <message>
        <source>Open the selected compared run</source>
        <translation>打开所选的比较运行</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Measure the others against the selected run, or no longer</source>
        <translation>以所选运行为基准衡量其他运行，或取消</translation>
    </message>
    <message>
        <source>Baseline</source>
        <translation>基线</translation>
    </message>
    <message>
        <source>Hide or show the selected compared runs</source>
        <translation>隐藏或显示所选的比较运行</translation>
    </message>
    <message>
        <source>Hide or show</source>
        <translation>隐藏或显示</translation>
    </message>
    <message>
        <source>Show the selected compared runs only, or all again</source>
        <translation>只显示所选的比较运行，或重新全部显示</translation>
    </message>
    <message>
        <source>Only these</source>
        <translation>只看这些</translation>
    </message>
    <message>
        <source>Take the selected runs out of the comparison</source>
        <translation>将所选运行移出比较</translation>
    </message>
    <message>
        <source>Take out</source>
        <translation>移出</translation>
    </message>
    <message>
        <source>Choose the metrics to compare</source>
        <translation>选择要比较的指标</translation>
    </message>
    <message>
        <source>Draw the compared curves over the next thing: steps, samples, time</source>
        <translation>切换比较曲线的横轴：步数、样本、时间</translation>
    </message>
    <message>
        <source>Show the whole of the compared curves</source>
        <translation>显示比较曲线的全部范围</translation>
    </message>
    <message>
        <source>Go to the next view of the comparison</source>
        <translation>转到比较的下一个视图</translation>
    </message>
    <message>
        <source>Copy the table of differences</source>
        <translation>复制差异表</translation>
    </message>
    <message>
        <source>Select a run in the list first.</source>
        <translation>请先在列表中选择一个运行。</translation>
    </message>
    <message>
        <source>There is nothing to compare yet.</source>
        <translation>尚无可比较的内容。</translation>
    </message>
    <message numerus="yes">
        <source>%n run(s)</source>
        <translation>
            <numerusform>%n 个运行</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 runs</source>
        <translation>%1 / %2 个运行</translation>
    </message>
</context>
<context>
    <name>athanor::app::ComparePictures</name>
    <message>
        <source>What</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Run whose answers are shown</source>
        <translation>显示其答案的运行</translation>
    </message>
    <message>
        <source>finds, against</source>
        <translation>的结果，对比</translation>
    </message>
    <message>
        <source>Run it is compared with</source>
        <translation>用于对比的运行</translation>
    </message>
    <message>
        <source>This run has not answered probe queries.</source>
        <translation>此运行没有回答过探测查询。</translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareRelations</name>
    <message>
        <source>What explains</source>
        <translation>解释指标</translation>
    </message>
    <message>
        <source>Metric to be explained</source>
        <translation>要解释的指标</translation>
    </message>
    <message>
        <source>What matters most</source>
        <translation>最重要的因素</translation>
    </message>
    <message>
        <source>At least three runs that differ in a field and have the metric are needed.</source>
        <translation>至少需要三个在某字段上不同且具有该指标的运行。</translation>
    </message>
    <message numerus="yes">
        <source>By rank, over %n shown run(s)</source>
        <translation>
            <numerusform>按秩相关，基于 %n 个显示的运行</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::CompareTable</name>
    <message>
        <source>Search fields and values</source>
        <translation>搜索字段和值</translation>
    </message>
    <message>
        <source>Also what is the same</source>
        <translation>包括相同项</translation>
    </message>
    <message>
        <source>Differences of the compared runs</source>
        <translation>比较中各运行的差异</translation>
    </message>
</context>
<context>
    <name>athanor::app::ComparedRunModel</name>
    <message>
        <source>%1: the others are measured against it</source>
        <translation>%1：其他运行以它为基准</translation>
    </message>
    <message>
        <source>baseline</source>
        <translation>基线</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Difference from the baseline</source>
        <translation>与基线的差</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差</translation>
    </message>
</context>
<context>
    <name>athanor::app::DifferencesPanel</name>
    <message>
        <source>End the comparison</source>
        <translation>结束对比</translation>
    </message>
    <message>
        <source>Nothing: all fields are the same.</source>
        <translation>没有差异：所有字段都相同。</translation>
    </message>
    <message>
        <source>Differs from %1</source>
        <translation>与%1的差异</translation>
    </message>
    <message>
        <source>Go to the field %1</source>
        <translation>转到字段 %1</translation>
    </message>
    <message>
        <source>%1: take %2 over</source>
        <translation>%1：采用 %2</translation>
    </message>
    <message>
        <source>Take %1 over</source>
        <translation>采用 %1</translation>
    </message>
</context>
<context>
    <name>athanor::app::EventsCard</name>
    <message>
        <source>What happened</source>
        <translation>事件记录</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>Event</source>
        <translation>事件</translation>
    </message>
    <message>
        <source>What happened in the run</source>
        <translation>运行中的事件</translation>
    </message>
</context>
<context>
    <name>athanor::app::ExperimentController</name>
    <message>
        <source>It is being launched.</source>
        <translation>正在启动。</translation>
    </message>
    <message>
        <source>Run %1 has no checkpoint left to fork it at.</source>
        <translation>运行 %1 已没有可供派生的检查点。</translation>
    </message>
    <message numerus="yes">
        <source>(and %n more)</source>
        <translation>
            <numerusform>（另有 %n 个）</numerusform>
        </translation>
    </message>
    <message>
        <source>the defaults</source>
        <translation>默认值</translation>
    </message>
    <message>
        <source>run “%1”</source>
        <translation>运行“%1”</translation>
    </message>
    <message>
        <source>what was set up before</source>
        <translation>上次的设置</translation>
    </message>
    <message>
        <source>choose the run to fork on the page of runs first</source>
        <translation>请先在运行页面选择要派生的运行</translation>
    </message>
    <message>
        <source>--from names another folder than that of the run that is forked: choose that on the page of runs</source>
        <translation>--from 所指的文件夹不是要派生的运行的文件夹：请在运行页面选择该运行</translation>
    </message>
</context>
<context>
    <name>athanor::app::ExperimentPage</name>
    <message>
        <source>New experiment</source>
        <translation>新建实验</translation>
    </message>
    <message>
        <source>Start from…</source>
        <translation>基于…</translation>
    </message>
    <message>
        <source>Form</source>
        <translation>表单</translation>
    </message>
    <message>
        <source>Recipe text</source>
        <translation>配方文本</translation>
    </message>
    <message>
        <source>Form or recipe text</source>
        <translation>表单或配方文本</translation>
    </message>
    <message>
        <source>The recipe has faults.</source>
        <translation>配方有错误。</translation>
    </message>
    <message>
        <source>They are being looked for.</source>
        <translation>正在查找。</translation>
    </message>
    <message>
        <source>Launch the experiment</source>
        <translation>启动实验</translation>
    </message>
    <message>
        <source>Launch</source>
        <translation>启动</translation>
    </message>
    <message>
        <source>Search the fields</source>
        <translation>搜索字段</translation>
    </message>
    <message>
        <source>Switch between form and recipe text</source>
        <translation>在表单与配方文本之间切换</translation>
    </message>
    <message>
        <source>Start from a recipe file</source>
        <translation>基于配方文件</translation>
    </message>
    <message>
        <source>Start from the defaults</source>
        <translation>基于默认值</translation>
    </message>
    <message>
        <source>Find the quickest layouts</source>
        <translation>查找最快的布局</translation>
    </message>
    <message>
        <source>Copy the command</source>
        <translation>复制命令</translation>
    </message>
    <message>
        <source>Fork from the checkpoint at</source>
        <translation>从检查点派生</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>Forks run %1 at</source>
        <translation>派生自运行 %1 的</translation>
    </message>
    <message>
        <source>Step of the fork: %1</source>
        <translation>派生的步：%1</translation>
    </message>
    <message>
        <source>No checkpoint of it is left.</source>
        <translation>已没有它的检查点。</translation>
    </message>
    <message>
        <source>The checkpoint at step %1 is gone. The nearest that is left was chosen instead.</source>
        <translation>第 %1 步的检查点已不存在，已改选最近的一个。</translation>
    </message>
    <message>
        <source>The same from a terminal</source>
        <translation>终端中的等效命令</translation>
    </message>
    <message>
        <source>Command that does the same</source>
        <translation>执行相同操作的命令</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 至 %2</translation>
    </message>
    <message numerus="yes">
        <source>Recipe text (%n fault(s))</source>
        <translation>
            <numerusform>配方文本（%n 个错误）</numerusform>
        </translation>
    </message>
    <message>
        <source>starts from %1</source>
        <translation>基于：%1</translation>
    </message>
    <message>
        <source>Recipes</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Start from a recipe</source>
        <translation>基于配方</translation>
    </message>
    <message>
        <source>Recipes (*.toml)</source>
        <translation>配方 (*.toml)</translation>
    </message>
    <message>
        <source>Compare with…</source>
        <translation>对比…</translation>
    </message>
    <message>
        <source>Nothing any more</source>
        <translation>不再对比</translation>
    </message>
</context>
<context>
    <name>athanor::app::FaultMenu</name>
    <message>
        <source>Live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>Let a rank of this run suffer a fault</source>
        <translation>让此运行的一个 rank 发生故障</translation>
    </message>
    <message>
        <source>Fault…</source>
        <translation>故障…</translation>
    </message>
    <message>
        <source>No run is open.</source>
        <translation>没有打开的运行。</translation>
    </message>
    <message>
        <source>It has not told of a step on several ranks.</source>
        <translation>它尚未报告多个 rank 上的一步。</translation>
    </message>
    <message>
        <source>Rank %1</source>
        <translation>Rank %1</translation>
    </message>
    <message>
        <source>The rank is replaced</source>
        <translation>该 rank 被替换</translation>
    </message>
    <message>
        <source>Kill</source>
        <translation>强制终止</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Hang in the forward pass</source>
        <translation>在前向传播中挂死</translation>
    </message>
    <message>
        <source>Hang while waiting for data</source>
        <translation>在等待数据时挂死</translation>
    </message>
    <message>
        <source>All meet again</source>
        <translation>全体重新会合</translation>
    </message>
    <message>
        <source>Damage a message</source>
        <translation>损坏一条消息</translation>
    </message>
    <message>
        <source>Send a wrong size</source>
        <translation>发送错误的大小</translation>
    </message>
    <message>
        <source>Call something else than the others</source>
        <translation>发起与其他 rank 不同的调用</translation>
    </message>
    <message>
        <source>The run goes on, more slowly</source>
        <translation>运行继续，但变慢</translation>
    </message>
    <message>
        <source>Pause for half a second</source>
        <translation>暂停半秒</translation>
    </message>
    <message>
        <source>Take three times as long for %1 steps</source>
        <translation>在 %1 步内耗时三倍</translation>
    </message>
    <message>
        <source>The run ends and can be resumed</source>
        <translation>运行结束，可以恢复</translation>
    </message>
    <message>
        <source>Run out of memory</source>
        <translation>内存耗尽</translation>
    </message>
    <message>
        <source>Find the disk full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>All ranks met again, and the run %1</source>
        <translation>所有 rank 已重新会合，运行 %1</translation>
    </message>
    <message>
        <source>Rank %1 was lost, and the run %2</source>
        <translation>Rank %1 丢失，运行 %2</translation>
    </message>
</context>
<context>
    <name>athanor::app::FileActions</name>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Import runs of TensorBoard, MLflow or W&amp;B from a folder</source>
        <translation>从文件夹导入 TensorBoard、MLflow 或 W&amp;B 的运行</translation>
    </message>
    <message>
        <source>Import runs…</source>
        <translation>导入运行…</translation>
    </message>
    <message>
        <source>Import runs from files of TensorBoard, MLflow or W&amp;B, or from CSV</source>
        <translation>从 TensorBoard、MLflow、W&amp;B 文件或 CSV 导入运行</translation>
    </message>
    <message>
        <source>Import files…</source>
        <translation>导入文件…</translation>
    </message>
    <message>
        <source>Export the selected runs as CSV, JSON or a page to read</source>
        <translation>将选中的运行导出为 CSV、JSON 或可阅读的页面</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Select a run first.</source>
        <translation>请先选择一次运行。</translation>
    </message>
    <message>
        <source>Import runs from a folder</source>
        <translation>从文件夹导入运行</translation>
    </message>
    <message>
        <source>Import runs from files</source>
        <translation>从文件导入运行</translation>
    </message>
    <message>
        <source>Runs (*tfevents* *.db *.sqlite *.wandb *.csv *.tsv)</source>
        <translation>运行 (*tfevents* *.db *.sqlite *.wandb *.csv *.tsv)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Export the selected runs</source>
        <translation>导出选中的运行</translation>
    </message>
    <message>
        <source>A page to read (*.html)</source>
        <translation>可阅读的页面 (*.html)</translation>
    </message>
    <message>
        <source>Tables (*.csv)</source>
        <translation>表格 (*.csv)</translation>
    </message>
    <message>
        <source>Everything (*.json)</source>
        <translation>全部内容 (*.json)</translation>
    </message>
</context>
<context>
    <name>athanor::app::FindSheet</name>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>cause of its end</source>
        <translation>结束原因</translation>
    </message>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
    <message>
        <source>log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Find in everything</source>
        <translation>全局查找</translation>
    </message>
    <message>
        <source>Find in names, tags, notes, recipes and logs</source>
        <translation>在名称、标签、备注、配方和日志中查找</translation>
    </message>
    <message>
        <source>Places found</source>
        <translation>找到的位置</translation>
    </message>
    <message>
        <source>The last word may be the beginning of one.</source>
        <translation>最后一个词可以只输入开头。</translation>
    </message>
    <message>
        <source>No. %1</source>
        <translation>编号 %1</translation>
    </message>
    <message>
        <source>Nothing was found for “%1”.</source>
        <translation>没有找到“%1”。</translation>
    </message>
    <message numerus="yes">
        <source>%n place(s)</source>
        <translation>
            <numerusform>%n 处</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::HistoryController</name>
    <message numerus="yes">
        <source>Restored %n run(s)</source>
        <translation>
            <numerusform>已还原 %n 个运行</numerusform>
        </translation>
    </message>
    <message>
        <source>Restored “%1”</source>
        <translation>已还原“%1”</translation>
    </message>
    <message numerus="yes">
        <source>Deleted %n run(s) for ever</source>
        <translation>
            <numerusform>已永久删除 %n 个运行</numerusform>
        </translation>
    </message>
    <message>
        <source>Deleted “%1” for ever</source>
        <translation>已永久删除“%1”</translation>
    </message>
    <message numerus="yes">
        <source>Deleted %n run(s)</source>
        <translation>
            <numerusform>已删除 %n 个运行</numerusform>
        </translation>
    </message>
    <message>
        <source>Deleted “%1”</source>
        <translation>已删除“%1”</translation>
    </message>
    <message>
        <source>Undone: %1</source>
        <translation>已撤销：%1</translation>
    </message>
    <message>
        <source>Done again: %1</source>
        <translation>已重做：%1</translation>
    </message>
    <message>
        <source>Asked run %1 to suffer “%2”</source>
        <translation>已要求运行 %1 发生“%2”</translation>
    </message>
</context>
<context>
    <name>athanor::app::LayoutFinder</name>
    <message>
        <source>Layouts need %1, which could not be started.</source>
        <translation>查找布局需要 %1，但无法启动它。</translation>
    </message>
    <message>
        <source>No layout fits into the memory of this machine.</source>
        <translation>没有布局能放入本机内存。</translation>
    </message>
    <message>
        <source>The search ended unexpectedly.</source>
        <translation>查找意外结束。</translation>
    </message>
</context>
<context>
    <name>athanor::app::LayoutsPanel</name>
    <message>
        <source>Share the work</source>
        <translation>分担工作</translation>
    </message>
    <message>
        <source>Looking at the layouts that this machine has ranks for…</source>
        <translation>正在检查本机 rank 可用的布局…</translation>
    </message>
    <message>
        <source>How ranks of this machine could share the work, by predicted time.</source>
        <translation>本机各 rank 分担工作的方式，按预测时间排列。</translation>
    </message>
    <message>
        <source>Predicted from measured operations; choose one to set it in the form.</source>
        <translation>由实测运算预测；选择一项即填入表单。</translation>
    </message>
    <message>
        <source>%1 a step</source>
        <translation>每步 %1</translation>
    </message>
    <message>
        <source>%1 · as it is</source>
        <translation>%1 · 当前</translation>
    </message>
    <message numerus="yes">
        <source>%n rank(s), %1 of memory in all</source>
        <translation>
            <numerusform>%n 个 rank，内存共 %1</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 sent a step</source>
        <translation>每步发送 %1</translation>
    </message>
    <message>
        <source>%1 bubble, simulated</source>
        <translation>气泡 %1，模拟值</translation>
    </message>
</context>
<context>
    <name>athanor::app::LivePage</name>
    <message>
        <source>Live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>No run is open</source>
        <translation>没有打开的运行</translation>
    </message>
    <message>
        <source>Open a run from the history, or launch a new one, to watch its curves, its answers and its log here.</source>
        <translation>从历史记录中打开一个运行，或启动新的运行，即可在此查看其曲线、答案和日志。</translation>
    </message>
    <message>
        <source>Set up an experiment</source>
        <translation>设置实验</translation>
    </message>
    <message>
        <source>Stop this run, with a checkpoint</source>
        <translation>停止此运行并写入检查点</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Resume this run</source>
        <translation>恢复此运行</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Fork this run from a checkpoint</source>
        <translation>从检查点派生此运行</translation>
    </message>
    <message>
        <source>Fork…</source>
        <translation>派生…</translation>
    </message>
    <message>
        <source>Set up a new experiment like this run</source>
        <translation>按此运行设置新实验</translation>
    </message>
    <message>
        <source>New from this</source>
        <translation>以此新建</translation>
    </message>
    <message>
        <source>Show the whole run in every plot</source>
        <translation>在每幅图中显示整个运行</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Smoothing of the training curves</source>
        <translation>训练曲线的平滑程度</translation>
    </message>
    <message>
        <source>What it finds</source>
        <translation>检索结果</translation>
    </message>
    <message>
        <source>Nothing was measured</source>
        <translation>没有测量值</translation>
    </message>
    <message>
        <source>The run was over before its first step. What it said is kept below.</source>
        <translation>运行在第一步之前已结束，其输出保留在下方。</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>No run is open.</source>
        <translation>没有打开的运行。</translation>
    </message>
    <message>
        <source>Start this run again</source>
        <translation>重新启动此运行</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>The run has no checkpoint yet.</source>
        <translation>该运行还没有检查点。</translation>
    </message>
    <message>
        <source>No. %1</source>
        <translation>第 %1 号</translation>
    </message>
    <message>
        <source>The first evaluation brings the probe queries and their best answers here.</source>
        <translation>首次评估后，这里会显示探测查询及其最佳答案。</translation>
    </message>
    <message>
        <source>The run was over before its first evaluation.</source>
        <translation>运行在首次评估之前已结束。</translation>
    </message>
    <message>
        <source>Some of this run is lost</source>
        <translation>此运行的部分内容已丢失</translation>
    </message>
    <message>
        <source>%1. %2</source>
        <translation>%1。%2</translation>
    </message>
    <message>
        <source>Fork from the checkpoint at</source>
        <translation>从检查点派生</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>Draw the curves over the next thing: steps, samples, time</source>
        <translation>切换曲线横轴：步数、样本数、时间</translation>
    </message>
</context>
<context>
    <name>athanor::app::LivePlots</name>
    <message>
        <source>Nothing was measured</source>
        <translation>没有测量值</translation>
    </message>
</context>
<context>
    <name>athanor::app::MainWindow</name>
    <message>
        <source>Alert of run %1</source>
        <translation>运行 %1 的警报</translation>
    </message>
    <message>
        <source>There is nothing to undo.</source>
        <translation>没有可撤销的操作。</translation>
    </message>
    <message>
        <source>There is nothing to do again.</source>
        <translation>没有可重做的操作。</translation>
    </message>
    <message>
        <source>Settings cannot be kept</source>
        <translation>无法保存设置</translation>
    </message>
    <message>
        <source>The folder of Athanor is read-only</source>
        <translation>Athanor 的文件夹是只读的</translation>
    </message>
    <message>
        <source>Make it writable, or set ATHANOR_HOME to another folder</source>
        <translation>请将其设为可写，或将 ATHANOR_HOME 设为其他文件夹</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>New experiment</source>
        <translation>新建实验</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>实时</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Go to the runs</source>
        <translation>转到运行列表</translation>
    </message>
    <message>
        <source>Go to New experiment</source>
        <translation>转到新建实验</translation>
    </message>
    <message>
        <source>Go to Live</source>
        <translation>转到实时</translation>
    </message>
    <message>
        <source>Go to Compare</source>
        <translation>转到比较</translation>
    </message>
    <message>
        <source>Go to Preferences</source>
        <translation>转到首选项</translation>
    </message>
    <message>
        <source>Find a command</source>
        <translation>查找命令</translation>
    </message>
    <message>
        <source>Show the keyboard shortcuts</source>
        <translation>显示键盘快捷键</translation>
    </message>
    <message>
        <source>Undo the last edit of the history</source>
        <translation>撤销对历史记录的上次修改</translation>
    </message>
    <message>
        <source>Do the undone edit again</source>
        <translation>重做已撤销的修改</translation>
    </message>
    <message>
        <source>Light look</source>
        <translation>浅色外观</translation>
    </message>
    <message>
        <source>Dark look</source>
        <translation>深色外观</translation>
    </message>
    <message>
        <source>Look as the system says</source>
        <translation>外观跟随系统</translation>
    </message>
    <message>
        <source>Switch between light and dark</source>
        <translation>切换浅色与深色</translation>
    </message>
    <message>
        <source>Restore the default layout</source>
        <translation>恢复默认布局</translation>
    </message>
    <message>
        <source>The default layout is back at the next start</source>
        <translation>默认布局将在下次启动时恢复</translation>
    </message>
    <message>
        <source>Close the window; runs go on</source>
        <translation>关闭窗口，运行继续进行</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Light or dark</source>
        <translation>浅色或深色</translation>
    </message>
    <message>
        <source>Shortcuts</source>
        <translation>快捷键</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史记录</translation>
    </message>
    <message>
        <source>Data sets</source>
        <translation>数据集</translation>
    </message>
    <message>
        <source>The run cannot be forked</source>
        <translation>无法派生该运行</translation>
    </message>
    <message>
        <source>It has no checkpoint</source>
        <translation>它没有检查点</translation>
    </message>
    <message>
        <source>Start a new experiment from its recipe instead</source>
        <translation>请改为基于其配方新建实验</translation>
    </message>
    <message>
        <source>%1 – Athanor</source>
        <translation>%1 – Athanor</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>High-contrast look</source>
        <translation>高对比度外观</translation>
    </message>
    <message>
        <source>Find in names, tags, notes, recipes and logs</source>
        <translation>在名称、标签、备注、配方和日志中查找</translation>
    </message>
    <message>
        <source>Undo the last change of the setup</source>
        <translation>撤销对设置的上一次修改</translation>
    </message>
</context>
<context>
    <name>athanor::app::MetricChooser</name>
    <message>
        <source>Search the metrics</source>
        <translation>搜索指标</translation>
    </message>
    <message>
        <source>Metrics</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>%1 of %2 runs</source>
        <translation>%1 / %2 个运行</translation>
    </message>
</context>
<context>
    <name>athanor::app::MetricWords</name>
    <message>
        <source>Training loss</source>
        <translation>训练损失</translation>
    </message>
    <message>
        <source>Evaluation loss</source>
        <translation>评估损失</translation>
    </message>
    <message>
        <source>Text to picture, R@1</source>
        <translation>文本到图片，R@1</translation>
    </message>
    <message>
        <source>Text to picture, R@10</source>
        <translation>文本到图片，R@10</translation>
    </message>
    <message>
        <source>Picture to text, R@1</source>
        <translation>图片到文本，R@1</translation>
    </message>
    <message>
        <source>Picture to text, R@10</source>
        <translation>图片到文本，R@10</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>梯度范数</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>吞吐量</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>样本/s</translation>
    </message>
    <message>
        <source>Time of a step</source>
        <translation>每步时间</translation>
    </message>
    <message>
        <source>Loss scale</source>
        <translation>损失缩放</translation>
    </message>
    <message>
        <source>Products in FP8</source>
        <translation>FP8 矩阵乘法</translation>
    </message>
    <message>
        <source>Updates lost in rounding</source>
        <translation>舍入中丢失的更新</translation>
    </message>
    <message>
        <source>%1 pt</source>
        <translation>%1 pt</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
</context>
<context>
    <name>athanor::app::PlanCheckCard</name>
    <message>
        <source>Plan against fact</source>
        <translation>计划与实际</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Planned</source>
        <translation>计划</translation>
    </message>
    <message>
        <source>Measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>Off by</source>
        <translation>偏差</translation>
    </message>
    <message>
        <source>After ten steps the run holds its plan against what was measured.</source>
        <translation>运行满十步后，会用实测值检验计划。</translation>
    </message>
    <message>
        <source>The run was over before its plan was held against what was measured.</source>
        <translation>运行在检验计划之前已结束。</translation>
    </message>
</context>
<context>
    <name>athanor::app::PlanPanel</name>
    <message>
        <source>What it will cost</source>
        <translation>预计开销</translation>
    </message>
    <message>
        <source>planning</source>
        <translation>正在计划</translation>
    </message>
    <message>
        <source>Memory by use</source>
        <translation>各用途的内存</translation>
    </message>
    <message>
        <source>The plan appears when nothing is wrong in the recipe.</source>
        <translation>配方无误后会显示计划。</translation>
    </message>
    <message>
        <source>Working it out…</source>
        <translation>正在计算…</translation>
    </message>
    <message>
        <source>Rank %1: %2, sends %3 a step</source>
        <translation>Rank %1：%2，每步发送 %3</translation>
    </message>
    <message>
        <source>Ranks</source>
        <translation>Rank 数</translation>
    </message>
    <message>
        <source>%1, %2 in all</source>
        <translation>%1，共 %2</translation>
    </message>
    <message>
        <source>Sent per step</source>
        <translation>每步发送</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>调度</translation>
    </message>
    <message>
        <source>%1, %2 bubble (simulated)</source>
        <translation>%1，气泡 %2（模拟值）</translation>
    </message>
    <message>
        <source>to finish %1 steps, with evaluations and checkpoints</source>
        <translation>完成 %1 步所需，含评估与检查点</translation>
    </message>
    <message>
        <source>Memory: %1 of %2</source>
        <translation>内存：%1 / %2</translation>
    </message>
    <message>
        <source>Memory: %1</source>
        <translation>内存：%1</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数</translation>
    </message>
    <message>
        <source>Pace</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>%1 steps/s</source>
        <translation>%1 步/s</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>吞吐量</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>样本/s</translation>
    </message>
    <message>
        <source>Work per step</source>
        <translation>每步计算量</translation>
    </message>
    <message>
        <source>%1FLOP</source>
        <translation>%1FLOP</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Planned schedule of a step</source>
        <translation>一步的计划调度</translation>
    </message>
    <message>
        <source>A step of %1: %2 of the ranks&apos; time is a bubble</source>
        <translation>一步 %1：各 rank 有 %2 的时间是气泡</translation>
    </message>
</context>
<context>
    <name>athanor::app::Planner</name>
    <message>
        <source>The plan needs %1, which could not be started.</source>
        <translation>计划需要 %1，但无法启动它。</translation>
    </message>
    <message>
        <source>The plan ended unexpectedly.</source>
        <translation>计划意外结束。</translation>
    </message>
</context>
<context>
    <name>athanor::app::PreferencesPage</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>as the system says</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>In relation to the desktop&apos;s own.</source>
        <translation>相对于桌面的文字大小。</translation>
    </message>
    <message>
        <source>%1 %</source>
        <translation>%1 %</translation>
    </message>
    <message>
        <source>Times and notices</source>
        <translation>时间与通知</translation>
    </message>
    <message>
        <source>Times of runs</source>
        <translation>运行的时间</translation>
    </message>
    <message>
        <source>How the table says when a run was started.</source>
        <translation>表格如何表示运行的开始时间。</translation>
    </message>
    <message>
        <source>as an age: 12 min ago</source>
        <translation>相对时间：12 分钟前</translation>
    </message>
    <message>
        <source>as a date: 2026-11-23 22:41</source>
        <translation>日期：2026-11-23 22:41</translation>
    </message>
    <message>
        <source>Tell me of alerts and when a run ends</source>
        <translation>出现警报或运行结束时通知我</translation>
    </message>
    <message>
        <source>With a notice of the desktop, while I am elsewhere.</source>
        <translation>离开窗口时，以桌面通知的形式。</translation>
    </message>
    <message>
        <source>Where things are</source>
        <translation>文件位置</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Open the folder of: %1</source>
        <translation>打开文件夹：%1</translation>
    </message>
    <message>
        <source>The folder could not be opened</source>
        <translation>无法打开文件夹</translation>
    </message>
    <message>
        <source>It may not exist yet; otherwise open it with a file manager</source>
        <translation>它可能尚不存在；否则请用文件管理器打开</translation>
    </message>
    <message>
        <source>Light, dark, in high contrast, or as the desktop says, also when it changes.</source>
        <translation>浅色、深色、高对比度，或跟随桌面（包括其变化）。</translation>
    </message>
    <message>
        <source>high contrast</source>
        <translation>高对比度</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Of the window. What runs and programs say stays in English.</source>
        <translation>窗口的语言。运行和程序的输出仍为英文。</translation>
    </message>
</context>
<context>
    <name>athanor::app::QueueActions</name>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Hold the selected runs in the queue</source>
        <translation>挂起队列中的所选运行</translation>
    </message>
    <message>
        <source>Hold</source>
        <translation>挂起</translation>
    </message>
    <message>
        <source>Move the selected runs to the front of the queue</source>
        <translation>将所选运行移到队列最前</translation>
    </message>
    <message>
        <source>To the front</source>
        <translation>移到最前</translation>
    </message>
    <message>
        <source>Move the selected run up in the queue</source>
        <translation>将所选运行在队列中上移</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move the selected run down in the queue</source>
        <translation>将所选运行在队列中下移</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Set the priority of the selected runs</source>
        <translation>设置所选运行的优先级</translation>
    </message>
    <message>
        <source>Priority…</source>
        <translation>优先级…</translation>
    </message>
    <message>
        <source>Hold the queue</source>
        <translation>挂起队列</translation>
    </message>
    <message>
        <source>Select a run first.</source>
        <translation>请先选择一个运行。</translation>
    </message>
    <message>
        <source>Only runs that wait in the queue have a place in it.</source>
        <translation>只有在队列中等待的运行才有位置。</translation>
    </message>
    <message>
        <source>Release the selected runs</source>
        <translation>解除所选运行的挂起</translation>
    </message>
    <message>
        <source>Release</source>
        <translation>解除挂起</translation>
    </message>
    <message>
        <source>Release the queue</source>
        <translation>解除队列的挂起</translation>
    </message>
    <message>
        <source>Select a single run.</source>
        <translation>请只选择一个运行。</translation>
    </message>
    <message>
        <source>It is the first in the queue.</source>
        <translation>它已在队列最前。</translation>
    </message>
    <message>
        <source>It is the last in the queue.</source>
        <translation>它已在队列最后。</translation>
    </message>
    <message>
        <source>Priority in the queue</source>
        <translation>队列优先级</translation>
    </message>
    <message>
        <source>Runs of a higher priority begin first.</source>
        <translation>优先级高的运行先开始。</translation>
    </message>
</context>
<context>
    <name>athanor::app::RecipeEditor</name>
    <message>
        <source>Recipe text</source>
        <translation>配方文本</translation>
    </message>
    <message>
        <source>Faults of the recipe</source>
        <translation>配方的错误</translation>
    </message>
</context>
<context>
    <name>athanor::app::RecoveriesCard</name>
    <message>
        <source>How it went on after losses</source>
        <translation>丢失后的恢复过程</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Rank</translation>
    </message>
    <message>
        <source>Went on from</source>
        <translation>继续自</translation>
    </message>
    <message>
        <source>In all</source>
        <translation>合计</translation>
    </message>
    <message>
        <source>How the run went on after it lost ranks</source>
        <translation>运行在丢失 rank 后如何继续</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunDetails</name>
    <message>
        <source>Name of the run</source>
        <translation>运行名称</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>separated by commas</source>
        <translation>以逗号分隔</translation>
    </message>
    <message>
        <source>Tags of the run, separated by commas</source>
        <translation>运行的标签，以逗号分隔</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>What was this run for? What did it show?</source>
        <translation>这个运行的目的是什么？结果如何？</translation>
    </message>
    <message>
        <source>Note on the run</source>
        <translation>运行的备注</translation>
    </message>
    <message>
        <source>Tags that all of them have</source>
        <translation>共有的标签</translation>
    </message>
    <message>
        <source>Tags of all selected runs, separated by commas</source>
        <translation>所有所选运行的标签，以逗号分隔</translation>
    </message>
    <message numerus="yes">
        <source>%n runs are selected. Tags, pins and deleting apply to all of them.</source>
        <translation>
            <numerusform>已选择 %n 个运行。标签、固定和删除对它们全部生效。</numerusform>
        </translation>
    </message>
    <message>
        <source>Select a run to see its details.</source>
        <translation>选择一个运行以查看详情。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Created</source>
        <translation>创建时间</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Throughput</source>
        <translation>吞吐量</translation>
    </message>
    <message>
        <source>samples/s</source>
        <translation>样本/s</translation>
    </message>
    <message>
        <source>Comes from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>run %1, step %2</source>
        <translation>运行 %1，第 %2 步</translation>
    </message>
    <message>
        <source>Deleted</source>
        <translation>已删除</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>编号</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunFiles</name>
    <message>
        <source>Importing runs</source>
        <translation>正在导入运行</translation>
    </message>
    <message>
        <source>They come into the list one by one.</source>
        <translation>它们会逐个出现在列表中。</translation>
    </message>
    <message>
        <source>%1 had grown and %2 were here before.</source>
        <translation>其中 %1 个有新增内容，%2 个此前已在这里。</translation>
    </message>
    <message numerus="yes">
        <source>Of %n run(s) something was damaged and is missing.</source>
        <translation>
            <numerusform>%n 次运行有部分内容损坏而缺失。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Imported %n run(s)</source>
        <translation>
            <numerusform>已导入 %n 次运行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n run(s)</source>
        <translation>
            <numerusform>已导出 %n 次运行</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::app::RunLabels</name>
    <message>
        <source>No. %1</source>
        <translation>第 %1 号</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunMatrixModel</name>
    <message>
        <source>%1: the baseline</source>
        <translation>%1：基线</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunNews</name>
    <message numerus="yes">
        <source>%n step(s) in %1</source>
        <translation>
            <numerusform>%n 步，用时 %1</numerusform>
        </translation>
    </message>
    <message>
        <source>%1: alert</source>
        <translation>%1：警报</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunTable</name>
    <message>
        <source>Table of runs</source>
        <translation>运行表</translation>
    </message>
    <message>
        <source>Columns, where there is room</source>
        <translation>各列（空间足够时）</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunTableModel</name>
    <message>
        <source>from run %1, step %2</source>
        <translation>来自运行 %1，第 %2 步</translation>
    </message>
    <message>
        <source>Number of the run, as athanor-agent and athanor-run name it</source>
        <translation>运行的编号，与 athanor-agent 和 athanor-run 所用相同</translation>
    </message>
    <message>
        <source>Text to picture, R@1: share of texts whose picture is the first answer, on the styles that are never trained on</source>
        <translation>文本到图片，R@1：图片为首个答案的文本所占比例，在从未训练的风格上</translation>
    </message>
    <message>
        <source>Text to picture, R@10: share of texts whose picture is among the first ten answers</source>
        <translation>文本到图片，R@10：图片位于前十个答案之内的文本所占比例</translation>
    </message>
    <message>
        <source>Steps a second, as most of the run&apos;s newest steps went</source>
        <translation>每秒步数，按运行最近的大多数步计</translation>
    </message>
    <message>
        <source>No.</source>
        <translation>编号</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>T→P R@1</source>
        <translation>文→图 R@1</translation>
    </message>
    <message>
        <source>T→P R@10</source>
        <translation>文→图 R@10</translation>
    </message>
    <message>
        <source>Steps/s</source>
        <translation>步/s</translation>
    </message>
    <message>
        <source>Started</source>
        <translation>开始时间</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Loss curve</source>
        <translation>损失曲线</translation>
    </message>
</context>
<context>
    <name>athanor::app::RunsPage</name>
    <message>
        <source>Runs</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Search, or ask: loss &lt; 0.3 and tag = night</source>
        <translation>搜索或查询：loss &lt; 0.3 and tag = night</translation>
    </message>
    <message>
        <source>Deleted</source>
        <translation>已删除</translation>
    </message>
    <message>
        <source>Show the deleted runs</source>
        <translation>显示已删除的运行</translation>
    </message>
    <message>
        <source>Show the deleted runs, to restore them or to delete them for ever</source>
        <translation>显示已删除的运行，以便还原或永久删除</translation>
    </message>
    <message>
        <source>Deleted runs keep their folders until they are deleted for ever.</source>
        <translation>已删除的运行会保留其文件夹，直到被永久删除。</translation>
    </message>
    <message>
        <source>Delete for ever</source>
        <translation>永久删除</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n run(s) for ever?</source>
        <translation>
            <numerusform>永久删除 %n 个运行？</numerusform>
        </translation>
    </message>
    <message>
        <source>Everything in the folders goes as well, and %1. It cannot be undone.</source>
        <translation>文件夹中的全部内容也会删除，%1。此操作无法撤销。</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Set up a new experiment</source>
        <translation>设置新实验</translation>
    </message>
    <message>
        <source>New experiment</source>
        <translation>新建实验</translation>
    </message>
    <message>
        <source>Search the runs</source>
        <translation>搜索运行</translation>
    </message>
    <message>
        <source>Open the selected run</source>
        <translation>打开所选运行</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Lay the selected runs side by side; a single one joins those compared</source>
        <translation>并列比较所选运行；单个运行会加入比较</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>比较</translation>
    </message>
    <message>
        <source>Pin or unpin the selected runs</source>
        <translation>固定或取消固定所选运行</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>固定</translation>
    </message>
    <message>
        <source>Rename the selected run</source>
        <translation>重命名所选运行</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Edit the tags</source>
        <translation>编辑标签</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Write a note</source>
        <translation>写备注</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Set up a new experiment like the selected run</source>
        <translation>按所选运行设置新实验</translation>
    </message>
    <message>
        <source>New from this</source>
        <translation>以此新建</translation>
    </message>
    <message>
        <source>Fork the selected run from a checkpoint</source>
        <translation>从检查点派生所选运行</translation>
    </message>
    <message>
        <source>Fork</source>
        <translation>派生</translation>
    </message>
    <message>
        <source>Resume the selected run</source>
        <translation>恢复所选运行</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Stop the selected run, with a checkpoint</source>
        <translation>停止所选运行并写入检查点</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Delete the selected runs</source>
        <translation>删除所选运行</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Restore the selected deleted runs</source>
        <translation>还原所选的已删除运行</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>还原</translation>
    </message>
    <message>
        <source>Delete the selected runs for ever</source>
        <translation>永久删除所选运行</translation>
    </message>
    <message>
        <source>Delete for ever…</source>
        <translation>永久删除…</translation>
    </message>
    <message>
        <source>Show or hide the deleted runs</source>
        <translation>显示或隐藏已删除的运行</translation>
    </message>
    <message>
        <source>Show or hide the details</source>
        <translation>显示或隐藏详情</translation>
    </message>
    <message>
        <source>Select a run first.</source>
        <translation>请先选择一个运行。</translation>
    </message>
    <message>
        <source>Select a single run.</source>
        <translation>请只选择一个运行。</translation>
    </message>
    <message>
        <source>Start the selected run again</source>
        <translation>重新启动所选运行</translation>
    </message>
    <message>
        <source>Start again</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>The run has no checkpoint yet.</source>
        <translation>该运行还没有检查点。</translation>
    </message>
    <message>
        <source>Stop the run before you delete it.</source>
        <translation>请先停止运行再删除。</translation>
    </message>
    <message>
        <source>Show the deleted runs first.</source>
        <translation>请先显示已删除的运行。</translation>
    </message>
    <message>
        <source>Stop the run before you delete it for ever.</source>
        <translation>请先停止运行再永久删除。</translation>
    </message>
    <message>
        <source>Restore the run first.</source>
        <translation>请先还原该运行。</translation>
    </message>
    <message>
        <source>%1 of %2 runs</source>
        <translation>%1 / %2 个运行</translation>
    </message>
    <message numerus="yes">
        <source>%n deleted run(s)</source>
        <translation>
            <numerusform>%n 个已删除的运行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n run(s)</source>
        <translation>
            <numerusform>%n 个运行</numerusform>
        </translation>
    </message>
    <message>
        <source>The history cannot be read</source>
        <translation>无法读取历史记录</translation>
    </message>
    <message>
        <source>Every run is kept whole in its own folder.</source>
        <translation>每个运行都完整保存在各自的文件夹中。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>No deleted runs</source>
        <translation>没有已删除的运行</translation>
    </message>
    <message>
        <source>What you delete is kept here until you delete it for ever.</source>
        <translation>删除的内容会保留在这里，直到被永久删除。</translation>
    </message>
    <message>
        <source>Back to the runs</source>
        <translation>返回运行列表</translation>
    </message>
    <message>
        <source>No runs yet</source>
        <translation>还没有运行</translation>
    </message>
    <message>
        <source>Every experiment you launch is kept here, with its curves, its recipe and your notes.</source>
        <translation>您启动的每个实验都会保存在这里，包括曲线、配方和备注。</translation>
    </message>
    <message>
        <source>Set up the first experiment</source>
        <translation>设置第一个实验</translation>
    </message>
    <message>
        <source>No run fits the search</source>
        <translation>没有符合搜索的运行</translation>
    </message>
    <message>
        <source>Nothing matches “%1”.</source>
        <translation>没有与“%1”匹配的内容。</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
</context>
<context>
    <name>athanor::app::Session</name>
    <message>
        <source>--run: the history holds no run %1</source>
        <translation>--run：历史记录中没有运行 %1</translation>
    </message>
    <message>
        <source>--do: there is no action “%1”</source>
        <translation>--do：没有操作“%1”</translation>
    </message>
    <message>
        <source>--do: “%1” cannot run now: %2</source>
        <translation>--do：“%1”现在无法执行：%2</translation>
    </message>
</context>
<context>
    <name>athanor::app::ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Keyboard</source>
        <translation>键盘</translation>
    </message>
    <message>
        <source>In a plot</source>
        <translation>在图中</translation>
    </message>
    <message>
        <source>Move along</source>
        <translation>左右移动</translation>
    </message>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Whole range</source>
        <translation>全部范围</translation>
    </message>
    <message>
        <source>Home</source>
        <translation>Home</translation>
    </message>
    <message>
        <source>Move the cursor</source>
        <translation>移动光标</translation>
    </message>
    <message>
        <source>Ctrl ← →</source>
        <translation>Ctrl ← →</translation>
    </message>
    <message>
        <source>Go from curve to curve</source>
        <translation>在曲线之间切换</translation>
    </message>
    <message>
        <source>Logarithmic scale</source>
        <translation>对数刻度</translation>
    </message>
    <message>
        <source>Logarithmic in x</source>
        <translation>横轴取对数</translation>
    </message>
    <message>
        <source>Shift+L</source>
        <translation>Shift+L</translation>
    </message>
    <message>
        <source>Show as table</source>
        <translation>显示为表格</translation>
    </message>
</context>
<context>
    <name>athanor::app::Sidebar</name>
    <message>
        <source>Going on</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>Page: %1</source>
        <translation>页面：%1</translation>
    </message>
</context>
<context>
    <name>athanor::app::StatusFoot</name>
    <message>
        <source>Agent connected</source>
        <translation>代理已连接</translation>
    </message>
    <message>
        <source>Starting the agent</source>
        <translation>正在启动代理</translation>
    </message>
    <message>
        <source>Agent starts when needed</source>
        <translation>代理会在需要时启动</translation>
    </message>
    <message>
        <source>Agent not reachable</source>
        <translation>无法连接代理</translation>
    </message>
    <message numerus="yes">
        <source>%n run(s) going on</source>
        <translation>
            <numerusform>%n 个运行进行中</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n waiting</source>
        <translation>
            <numerusform>%n 个等待中</numerusform>
        </translation>
    </message>
    <message>
        <source>Nothing is running</source>
        <translation>没有正在进行的运行</translation>
    </message>
</context>
<context>
    <name>athanor::app::TimelineCard</name>
    <message>
        <source>What each rank did</source>
        <translation>各 rank 的活动</translation>
    </message>
    <message>
        <source>Timeline of the run</source>
        <translation>运行的时间线</translation>
    </message>
    <message>
        <source>Newest step</source>
        <translation>最新一步</translation>
    </message>
    <message>
        <source>Keep the newest step in sight (End)</source>
        <translation>始终显示最新一步 (End)</translation>
    </message>
    <message>
        <source>Whole run</source>
        <translation>整个运行</translation>
    </message>
    <message>
        <source>Show the whole run (Home)</source>
        <translation>显示整个运行 (Home)</translation>
    </message>
    <message>
        <source>Options of the timeline</source>
        <translation>时间线的选项</translation>
    </message>
    <message>
        <source>Timeline options</source>
        <translation>时间线选项</translation>
    </message>
    <message>
        <source>Zoom to the selection	Enter</source>
        <translation>缩放到所选范围	Enter</translation>
    </message>
    <message>
        <source>Save what is in sight as a trace…</source>
        <translation>将可见部分保存为跟踪文件…</translation>
    </message>
    <message>
        <source>Save the whole run as a trace…</source>
        <translation>将整个运行保存为跟踪文件…</translation>
    </message>
    <message>
        <source>Save the selection as a trace…</source>
        <translation>将所选范围保存为跟踪文件…</translation>
    </message>
    <message>
        <source>What a step consists of</source>
        <translation>一步的组成</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>Save a trace for Perfetto or Chrome</source>
        <translation>保存供 Perfetto 或 Chrome 使用的跟踪文件</translation>
    </message>
    <message>
        <source>Traces (*.json)</source>
        <translation>跟踪文件 (*.json)</translation>
    </message>
</context>
<context>
    <name>athanor::app::TimelineController</name>
    <message numerus="yes">
        <source>%n span(s) written to %1</source>
        <translation>
            <numerusform>已将 %n 个区间写入 %1</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::widgets::AxisWords</name>
    <message>
        <source>Step</source>
        <translation>步</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>样本</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Date and time</source>
        <translation>日期和时间</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>%1 samples</source>
        <translation>%1 个样本</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::CommandPalette</name>
    <message>
        <source>What do you want to do?</source>
        <translation>要做什么？</translation>
    </message>
    <message>
        <source>Search commands</source>
        <translation>搜索命令</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::CurveTable</name>
    <message>
        <source>%1, least</source>
        <translation>%1，最小</translation>
    </message>
    <message>
        <source>%1, greatest</source>
        <translation>%1，最大</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::EmptyPage</name>
    <message>
        <source>The way on from an empty page</source>
        <translation>空页面上的下一步</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::FieldRow</name>
    <message>
        <source>Reset %1 to its default</source>
        <translation>将 %1 恢复为默认值</translation>
    </message>
    <message>
        <source>Reset to empty</source>
        <translation>清空</translation>
    </message>
    <message>
        <source>Reset to %1</source>
        <translation>恢复为 %1</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::FormView</name>
    <message>
        <source>has faults</source>
        <translation>有错误</translation>
    </message>
    <message>
        <source>Search the fields</source>
        <translation>搜索字段</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>高级</translation>
    </message>
    <message>
        <source>Show advanced fields</source>
        <translation>显示高级字段</translation>
    </message>
    <message>
        <source>Show the fields that are rarely changed</source>
        <translation>显示很少更改的字段</translation>
    </message>
    <message>
        <source>No field fits the search.</source>
        <translation>没有符合搜索的字段。</translation>
    </message>
    <message>
        <source>Go to section %1</source>
        <translation>转到“%1”部分</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::LineageView</name>
    <message>
        <source>Lineage</source>
        <translation>谱系</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>from %1 at step %2 to step %3</source>
        <translation>来自 %1 的第 %2 步，至第 %3 步</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::LogRing</name>
    <message>
        <source>Error: %1</source>
        <translation>错误：%1</translation>
    </message>
    <message>
        <source>Warning: %1</source>
        <translation>警告：%1</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::LogView</name>
    <message>
        <source>Search the log</source>
        <translation>搜索日志</translation>
    </message>
    <message>
        <source>Log lines</source>
        <translation>日志行</translation>
    </message>
    <message numerus="yes">
        <source>%n line(s)</source>
        <translation>
            <numerusform>%n 行</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 / %2 行</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::MessageBar</name>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>What the message offers</source>
        <translation>消息提供的操作</translation>
    </message>
    <message>
        <source>Dismiss the message</source>
        <translation>关闭消息</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::MetricPlot</name>
    <message>
        <source>Nothing measured yet</source>
        <translation>尚无测量值</translation>
    </message>
    <message>
        <source>Options of the plot “%1”</source>
        <translation>图“%1”的选项</translation>
    </message>
    <message>
        <source>Plot options</source>
        <translation>图的选项</translation>
    </message>
    <message>
        <source>Logarithmic scale	L</source>
        <translation>对数刻度	L</translation>
    </message>
    <message>
        <source>Logarithmic in x	Shift+L</source>
        <translation>横轴取对数	Shift+L</translation>
    </message>
    <message>
        <source>Show as table	T</source>
        <translation>显示为表格	T</translation>
    </message>
    <message>
        <source>Whole range	Home</source>
        <translation>全部范围	Home</translation>
    </message>
    <message>
        <source>Copy the numbers</source>
        <translation>复制数值</translation>
    </message>
    <message>
        <source>Save as figure or numbers…</source>
        <translation>保存为图或数值…</translation>
    </message>
    <message>
        <source>Numbers of the plot “%1”</source>
        <translation>图“%1”的数值</translation>
    </message>
    <message>
        <source>Save the plot</source>
        <translation>保存图</translation>
    </message>
    <message>
        <source>PDF (*.pdf);;SVG (*.svg);;PNG picture (*.png);;Numbers as CSV (*.csv)</source>
        <translation>PDF (*.pdf);;SVG (*.svg);;PNG 图片 (*.png);;CSV 数值 (*.csv)</translation>
    </message>
    <message>
        <source>Could not save the plot: %1</source>
        <translation>无法保存图：%1</translation>
    </message>
    <message>
        <source>%1 at step %2</source>
        <translation>%1，第 %2 步</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
    <message>
        <source>Plot: %1</source>
        <translation>图：%1</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::ParallelPlot</name>
    <message>
        <source>Parallel coordinates</source>
        <translation>平行坐标</translation>
    </message>
    <message>
        <source>%1 of %2 lines</source>
        <translation>%1 / %2 行</translation>
    </message>
    <message>
        <source>from %1 to %2</source>
        <translation>%1 至 %2</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1：%2</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::PlotLegend</name>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>另有 %n 条</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::widgets::QueryCard</name>
    <message>
        <source>No rank</source>
        <translation>无名次</translation>
    </message>
    <message>
        <source>Rank %1 of %2, there %3</source>
        <translation>第 %1 名，共 %2，对方第 %3 名</translation>
    </message>
    <message>
        <source>Rank %1 of %2, was %3</source>
        <translation>第 %1 名，共 %2，此前第 %3 名</translation>
    </message>
    <message>
        <source>Rank %1 of %2</source>
        <translation>第 %1 名，共 %2</translation>
    </message>
    <message>
        <source>%1 (right)</source>
        <translation>%1（正确）</translation>
    </message>
    <message>
        <source>%1. Best answers: %2</source>
        <translation>%1。最佳答案：%2</translation>
    </message>
    <message>
        <source>Text query “%1”</source>
        <translation>文本查询“%1”</translation>
    </message>
    <message>
        <source>Picture query “%1”</source>
        <translation>图片查询“%1”</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>此前</translation>
    </message>
    <message>
        <source>%1, answer %2: %3</source>
        <translation>%1，答案 %2：%3</translation>
    </message>
    <message>
        <source>Answer %1: %2</source>
        <translation>答案 %1：%2</translation>
    </message>
    <message>
        <source>right, score %1</source>
        <translation>正确，得分 %1</translation>
    </message>
    <message>
        <source>score %1</source>
        <translation>得分 %1</translation>
    </message>
    <message>
        <source>rank %1</source>
        <translation>第 %1 名</translation>
    </message>
    <message>
        <source>no rank</source>
        <translation>无名次</translation>
    </message>
    <message>
        <source>before: rank %1</source>
        <translation>此前：第 %1 名</translation>
    </message>
    <message>
        <source>%1: rank %2</source>
        <translation>%1：第 %2 名</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::RetrievalBoard</name>
    <message>
        <source>Evaluation</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>Evaluation shown</source>
        <translation>显示的评估</translation>
    </message>
    <message>
        <source>before</source>
        <translation>此前</translation>
    </message>
    <message>
        <source>Earlier evaluation to compare with</source>
        <translation>用于比较的先前评估</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Order of the queries</source>
        <translation>查询的排序</translation>
    </message>
    <message>
        <source>as recorded</source>
        <translation>按记录顺序</translation>
    </message>
    <message>
        <source>biggest regressions first</source>
        <translation>退步最大的在前</translation>
    </message>
    <message>
        <source>worst first</source>
        <translation>最差的在前</translation>
    </message>
    <message>
        <source>best first</source>
        <translation>最好的在前</translation>
    </message>
    <message>
        <source>Ask with</source>
        <translation>查询方式</translation>
    </message>
    <message>
        <source>Direction of the queries</source>
        <translation>查询的方向</translation>
    </message>
    <message>
        <source>texts and pictures</source>
        <translation>文本和图片</translation>
    </message>
    <message>
        <source>texts</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>pictures</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>No queries yet</source>
        <translation>还没有查询</translation>
    </message>
    <message>
        <source>step %1, newest</source>
        <translation>第 %1 步，最新</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>第 %1 步</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>%1 of %2 right at once, %3 among the first five</source>
        <translation>%2 个中有 %1 个首位正确，%3 个在前五之内</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::ScatterPlot</name>
    <message>
        <source>Scatter plot</source>
        <translation>散点图</translation>
    </message>
    <message>
        <source>%1 over %2</source>
        <translation>%1 随 %2</translation>
    </message>
    <message>
        <source>%1, %2 %3</source>
        <translation>%1，%2 %3</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::SuggestionList</name>
    <message>
        <source>What could be written here</source>
        <translation>此处可填写的内容</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::TimelineLegend</name>
    <message>
        <source>Legend of the timeline</source>
        <translation>时间线的图例</translation>
    </message>
</context>
<context>
    <name>athanor::widgets::TimelineView</name>
    <message>
        <source>%1, from %2 on</source>
        <translation>%1，自 %2 起</translation>
    </message>
    <message>
        <source>%1: %2, from %3 on</source>
        <translation>%1：%2，自 %3 起</translation>
    </message>
    <message numerus="yes">
        <source>%n begin here, the longest %1</source>
        <translation>
            <numerusform>此处开始 %n 个，最长 %1</numerusform>
        </translation>
    </message>
    <message>
        <source>longest pause %1</source>
        <translation>最长停顿 %1</translation>
    </message>
    <message>
        <source>%1 selected, from %2 on. Enter or double click zooms to it</source>
        <translation>已选择 %1，自 %2 起。按 Enter 或双击可缩放到该范围</translation>
    </message>
    <message>
        <source>%1 in sight, from %2 on, of %3</source>
        <translation>可见 %1，自 %2 起，共 %3</translation>
    </message>
    <message>
        <source>%1 in all. Drag to move, Control + wheel to zoom; Control + ← → goes from bar to bar</source>
        <translation>共 %1。拖动可移动，Ctrl + 滚轮可缩放；Ctrl + ← → 在条之间切换</translation>
    </message>
    <message numerus="yes">
        <source>%n row(s)</source>
        <translation>
            <numerusform>%n 行</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n bar(s), %1 in all</source>
        <translation>
            <numerusform>%n 个条，共 %1</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>athanor::widgets::UtilisationStrip</name>
    <message>
        <source>no measurement yet</source>
        <translation>尚无测量值</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>Memory and power</source>
        <translation>内存与功率</translation>
    </message>
</context>
</TS>
