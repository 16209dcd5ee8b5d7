<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>Recipe</name>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>What the experiment is called and where its randomness starts.</source>
        <translation>实验的名称及其随机性的起点。</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>What is learnt from.</source>
        <translation>用什么来学习。</translation>
    </message>
    <message>
        <source>Augmentation</source>
        <translation>数据增强</translation>
    </message>
    <message>
        <source>Random changes to the training pictures that keep what they show.</source>
        <translation>对训练图片的随机变化，不改变其所示内容。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Which architecture, and how large.</source>
        <translation>采用哪种架构，规模多大。</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>How long, how fast and where.</source>
        <translation>训练多久、多快、在哪里。</translation>
    </message>
    <message>
        <source>Finetuning</source>
        <translation>微调</translation>
    </message>
    <message>
        <source>What starts from other weights, what of it learns, and how.</source>
        <translation>哪些部分从其他权重开始、哪些部分学习以及如何学习。</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精度</translation>
    </message>
    <message>
        <source>In which number format it is computed.</source>
        <translation>以哪种数值格式计算。</translation>
    </message>
    <message>
        <source>Parallelism</source>
        <translation>并行</translation>
    </message>
    <message>
        <source>How the work is shared between ranks.</source>
        <translation>各 rank 如何分担工作。</translation>
    </message>
    <message>
        <source>Checkpoints</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>How often the state is saved, and how much of it is kept.</source>
        <translation>多久保存一次状态，保留多少。</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>How often it is judged on the unseen style.</source>
        <translation>多久在未见风格上评估一次。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>What the run is called in the history and in its folder&apos;s name.</source>
        <translation>运行在历史记录和文件夹名中的名称。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Start of every random number: the same recipe and seed give the same run.</source>
        <translation>所有随机数的起点：相同的配方和种子得到相同的运行。</translation>
    </message>
    <message>
        <source>Deterministic</source>
        <translation>确定性</translation>
    </message>
    <message>
        <source>Allows only operations whose bits never depend on timing or thread count; every operation of this version is such a one.</source>
        <translation>只允许结果的每一位都不依赖时序或线程数的运算；本版本的所有运算均如此。</translation>
    </message>
    <message>
        <source>Notes</source>
        <translation>备注</translation>
    </message>
    <message>
        <source>Anything worth remembering about the experiment.</source>
        <translation>关于实验的任何值得记住的内容。</translation>
    </message>
    <message>
        <source>Data set</source>
        <translation>数据集</translation>
    </message>
    <message>
        <source>Name of a prepared data set (athanor-run prepare).</source>
        <translation>已准备好的数据集的名称（athanor-run prepare）。</translation>
    </message>
    <message>
        <source>Groups</source>
        <translation>分组</translation>
    </message>
    <message>
        <source>Which groups of concepts take part.</source>
        <translation>哪些概念分组参与训练。</translation>
    </message>
    <message>
        <source>Animals &amp; Nature</source>
        <translation>动物与自然</translation>
    </message>
    <message>
        <source>Food &amp; Drink</source>
        <translation>食物与饮料</translation>
    </message>
    <message>
        <source>Travel &amp; Places</source>
        <translation>旅行与地点</translation>
    </message>
    <message>
        <source>Activities</source>
        <translation>活动</translation>
    </message>
    <message>
        <source>Objects</source>
        <translation>物品</translation>
    </message>
    <message>
        <source>Training styles</source>
        <translation>训练风格</translation>
    </message>
    <message>
        <source>Drawing styles whose pictures are trained on.</source>
        <translation>用其图片进行训练的绘画风格。</translation>
    </message>
    <message>
        <source>Test styles</source>
        <translation>测试风格</translation>
    </message>
    <message>
        <source>Drawing styles that are only ever evaluated on.</source>
        <translation>只用于评估的绘画风格。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Language of the names and keywords.</source>
        <translation>名称和关键词的语言。</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>批次大小</translation>
    </message>
    <message>
        <source>Picture and text pairs per step; every other pair of the batch is a wrong answer to tell apart.</source>
        <translation>每步的图文对数；批次中其他各对都是要区分的错误答案。</translation>
    </message>
    <message>
        <source>pairs</source>
        <translation>对</translation>
    </message>
    <message>
        <source>Picture size</source>
        <translation>图片尺寸</translation>
    </message>
    <message>
        <source>Side of the square picture the model sees.</source>
        <translation>模型所见正方形图片的边长。</translation>
    </message>
    <message>
        <source>px</source>
        <translation>px</translation>
    </message>
    <message>
        <source>Longest text</source>
        <translation>文本最大长度</translation>
    </message>
    <message>
        <source>Texts are cut after this many tokens.</source>
        <translation>文本超过此词元数即被截断。</translation>
    </message>
    <message>
        <source>Group texts by length</source>
        <translation>按长度分组文本</translation>
    </message>
    <message>
        <source>Pairs with texts of like length share a micro-batch, which is read only as far as its longest text goes. Micro-batches are so ordered that replicas that take several have about equally much to do.</source>
        <translation>文本长度相近的图文对放在同一微批次中，只读到其中最长文本的末尾。微批次的顺序使处理多个微批次的副本工作量大致相等。</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>Keyword share</source>
        <translation>关键词占比</translation>
    </message>
    <message>
        <source>How often a training text is made of one or two keywords instead of the concept&apos;s name.</source>
        <translation>训练文本由一两个关键词而非概念名称构成的概率。</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>边距</translation>
    </message>
    <message>
        <source>Empty border left when pictures are cut to what is drawn, as a share of their side.</source>
        <translation>图片裁剪到所绘内容时留出的空白边，以边长的比例计。</translation>
    </message>
    <message>
        <source>Loader threads</source>
        <translation>加载线程</translation>
    </message>
    <message>
        <source>Threads that prepare batches ahead; the order does not depend on it.</source>
        <translation>提前准备批次的线程数；顺序不受其影响。</translation>
    </message>
    <message>
        <source>threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>Smallest zoom</source>
        <translation>最小缩放</translation>
    </message>
    <message>
        <source>Pictures are drawn at a random size from here on.</source>
        <translation>图片随机缩放的下限。</translation>
    </message>
    <message>
        <source>Largest zoom</source>
        <translation>最大缩放</translation>
    </message>
    <message>
        <source>Pictures are drawn at a random size up to here.</source>
        <translation>图片随机缩放的上限。</translation>
    </message>
    <message>
        <source>Rotation</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>Pictures are turned by up to this to either side.</source>
        <translation>图片向任一方向旋转的最大角度。</translation>
    </message>
    <message>
        <source>degrees</source>
        <translation>度</translation>
    </message>
    <message>
        <source>Shift</source>
        <translation>平移</translation>
    </message>
    <message>
        <source>Pictures are moved by up to this share of their side.</source>
        <translation>图片移动的最大距离，以边长的比例计。</translation>
    </message>
    <message>
        <source>Stretch</source>
        <translation>拉伸</translation>
    </message>
    <message>
        <source>Width over height is changed by up to this natural logarithm either way.</source>
        <translation>宽高比变化的最大自然对数，两个方向均可。</translation>
    </message>
    <message>
        <source>Shear</source>
        <translation>错切</translation>
    </message>
    <message>
        <source>Pictures lean by up to this either way.</source>
        <translation>图片向任一方向倾斜的最大角度。</translation>
    </message>
    <message>
        <source>Mirror</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>How often a picture is mirrored.</source>
        <translation>图片被镜像的概率。</translation>
    </message>
    <message>
        <source>Hue</source>
        <translation>色相</translation>
    </message>
    <message>
        <source>Colours are turned by up to this to either side.</source>
        <translation>颜色向任一方向旋转的最大角度。</translation>
    </message>
    <message>
        <source>Saturation</source>
        <translation>饱和度</translation>
    </message>
    <message>
        <source>Strength of colour changes by up to this share.</source>
        <translation>颜色强度变化的最大比例。</translation>
    </message>
    <message>
        <source>Grey share</source>
        <translation>灰度占比</translation>
    </message>
    <message>
        <source>How often a picture loses its colours.</source>
        <translation>图片失去颜色的概率。</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>亮度</translation>
    </message>
    <message>
        <source>Brightness changes by up to this share.</source>
        <translation>亮度变化的最大比例。</translation>
    </message>
    <message>
        <source>Colour cast</source>
        <translation>偏色</translation>
    </message>
    <message>
        <source>Red, green and blue change apart from one another by up to this share.</source>
        <translation>红、绿、蓝各自变化的最大比例。</translation>
    </message>
    <message>
        <source>Contrast</source>
        <translation>对比度</translation>
    </message>
    <message>
        <source>Contrast changes by up to this share.</source>
        <translation>对比度变化的最大比例。</translation>
    </message>
    <message>
        <source>White background</source>
        <translation>白色背景</translation>
    </message>
    <message>
        <source>How often the background is white; otherwise it is any plain colour.</source>
        <translation>背景为白色的概率；否则为任意纯色。</translation>
    </message>
    <message>
        <source>Stroke</source>
        <translation>笔画</translation>
    </message>
    <message>
        <source>How often light or dark lines grow by a pixel, half of the time each.</source>
        <translation>浅色或深色线条加粗一个像素的概率，各占一半。</translation>
    </message>
    <message>
        <source>Blur</source>
        <translation>模糊</translation>
    </message>
    <message>
        <source>How often a picture is made softer or sharper.</source>
        <translation>图片变柔和或变锐利的概率。</translation>
    </message>
    <message>
        <source>Cut-out</source>
        <translation>挖除</translation>
    </message>
    <message>
        <source>How often a rectangle is covered.</source>
        <translation>遮住一个矩形区域的概率。</translation>
    </message>
    <message>
        <source>Noise</source>
        <translation>噪声</translation>
    </message>
    <message>
        <source>Deviation of the grain that is added, in full brightness.</source>
        <translation>所加颗粒的标准差，以满亮度计。</translation>
    </message>
    <message>
        <source>Family</source>
        <translation>系列</translation>
    </message>
    <message>
        <source>Architecture: two_tower maps pictures and texts into one space.</source>
        <translation>架构：two_tower 将图片和文本映射到同一空间。</translation>
    </message>
    <message>
        <source>Embedding</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>Length of the vector that pictures and texts share.</source>
        <translation>图片和文本共用的向量的长度。</translation>
    </message>
    <message>
        <source>numbers</source>
        <translation>个数</translation>
    </message>
    <message>
        <source>Stem</source>
        <translation>Stem 卷积</translation>
    </message>
    <message>
        <source>Channels of the convolutions that read the picture, in order; each halves its side.</source>
        <translation>读取图片的各层卷积的通道数，依次排列；每层将边长减半。</translation>
    </message>
    <message>
        <source>Picture width</source>
        <translation>图片塔宽度</translation>
    </message>
    <message>
        <source>Width of the picture tower&apos;s transformer.</source>
        <translation>图片塔 Transformer 的宽度。</translation>
    </message>
    <message>
        <source>Picture depth</source>
        <translation>图片塔深度</translation>
    </message>
    <message>
        <source>Transformer blocks of the picture tower.</source>
        <translation>图片塔的 Transformer 块数。</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>块</translation>
    </message>
    <message>
        <source>Picture heads</source>
        <translation>图片塔头数</translation>
    </message>
    <message>
        <source>Attention heads of the picture tower; they share the width evenly.</source>
        <translation>图片塔的注意力头数；各头均分宽度。</translation>
    </message>
    <message>
        <source>heads</source>
        <translation>头</translation>
    </message>
    <message>
        <source>Text tower</source>
        <translation>文本塔</translation>
    </message>
    <message>
        <source>small: sized by the fields below, with the data set&apos;s own vocabulary. Otherwise the name of a prepared text encoder (athanor-run prepare minilm) or its folder in the Hugging Face layout: its architecture and vocabulary are taken.</source>
        <translation>small：大小由下列字段决定，使用数据集自己的词表。否则为已准备好的文本编码器的名称（athanor-run prepare minilm）或其 Hugging Face 布局的文件夹：采用其架构和词表。</translation>
    </message>
    <message>
        <source>Text width</source>
        <translation>文本塔宽度</translation>
    </message>
    <message>
        <source>Width of the text tower.</source>
        <translation>文本塔的宽度。</translation>
    </message>
    <message>
        <source>Text depth</source>
        <translation>文本塔深度</translation>
    </message>
    <message>
        <source>Transformer blocks of the text tower.</source>
        <translation>文本塔的 Transformer 块数。</translation>
    </message>
    <message>
        <source>Text heads</source>
        <translation>文本塔头数</translation>
    </message>
    <message>
        <source>Attention heads of the text tower; they share the width evenly.</source>
        <translation>文本塔的注意力头数；各头均分宽度。</translation>
    </message>
    <message>
        <source>Feed-forward</source>
        <translation>前馈层</translation>
    </message>
    <message>
        <source>Width of the feed-forward layers as a multiple of the tower&apos;s width.</source>
        <translation>前馈层的宽度，为塔宽度的倍数。</translation>
    </message>
    <message>
        <source>Dropout</source>
        <translation>Dropout</translation>
    </message>
    <message>
        <source>Share of activations dropped while training.</source>
        <translation>训练时丢弃的激活值比例。</translation>
    </message>
    <message>
        <source>First temperature</source>
        <translation>初始温度</translation>
    </message>
    <message>
        <source>Where the learned temperature of the contrast starts; small tells answers apart harder.</source>
        <translation>对比学习中可学习温度的起始值；越小，对答案的区分越严格。</translation>
    </message>
    <message>
        <source>First bias</source>
        <translation>初始偏置</translation>
    </message>
    <message>
        <source>Where the learned bias of the sigmoid loss starts; low says that few pairs match.</source>
        <translation>sigmoid 损失中可学习偏置的起始值；越低表示匹配的对越少。</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>How many batches are learnt from.</source>
        <translation>学习多少个批次。</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>步</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>softmax: each picture picks its text among the batch, and each text its picture; sigmoid: every pair is judged alone.</source>
        <translation>softmax：每张图片在批次中选出其文本，每个文本选出其图片；sigmoid：每一对单独判断。</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Height of the cosine schedule.</source>
        <translation>余弦调度的峰值。</translation>
    </message>
    <message>
        <source>Temperature&apos;s rate</source>
        <translation>温度的学习率</translation>
    </message>
    <message>
        <source>The temperature learns this many times faster than the weights.</source>
        <translation>温度的学习速度为权重的多少倍。</translation>
    </message>
    <message>
        <source>Rates of parts</source>
        <translation>各部分的学习率</translation>
    </message>
    <message>
        <source>Factors on the learning rate by dotted path, as text_tower=0.1, image_tower.stem=0.5.</source>
        <translation>按点分路径给出的学习率系数，如 text_tower=0.1, image_tower.stem=0.5。</translation>
    </message>
    <message>
        <source>Warm-up</source>
        <translation>预热</translation>
    </message>
    <message>
        <source>Steps in which the learning rate rises to the cosine, which falls from the first step on.</source>
        <translation>学习率升至余弦曲线所用的步数；余弦从第一步起下降。</translation>
    </message>
    <message>
        <source>Final share</source>
        <translation>最终比例</translation>
    </message>
    <message>
        <source>Share of the learning rate below which the schedule does not fall.</source>
        <translation>调度的学习率不会低于峰值的此比例。</translation>
    </message>
    <message>
        <source>Optimizer</source>
        <translation>优化器</translation>
    </message>
    <message>
        <source>How gradients move weights: AdamW, LAMB for very large batches, or momentum alone.</source>
        <translation>梯度如何更新权重：AdamW、用于超大批次的 LAMB，或仅用动量。</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>权重衰减</translation>
    </message>
    <message>
        <source>How strongly weights are pulled towards zero; biases, gains and positions are spared.</source>
        <translation>权重被拉向零的强度；偏置、增益和位置嵌入除外。</translation>
    </message>
    <message>
        <source>Gradient limit</source>
        <translation>梯度裁剪</translation>
    </message>
    <message>
        <source>Gradients are scaled down to this norm; 0 leaves them as they are.</source>
        <translation>梯度按比例缩小到此范数；0 表示不裁剪。</translation>
    </message>
    <message>
        <source>Beta 1</source>
        <translation>Beta 1</translation>
    </message>
    <message>
        <source>AdamW&apos;s and LAMB&apos;s memory of the gradient.</source>
        <translation>AdamW 和 LAMB 对梯度的记忆系数。</translation>
    </message>
    <message>
        <source>Beta 2</source>
        <translation>Beta 2</translation>
    </message>
    <message>
        <source>AdamW&apos;s and LAMB&apos;s memory of its square.</source>
        <translation>AdamW 和 LAMB 对梯度平方的记忆系数。</translation>
    </message>
    <message>
        <source>Epsilon</source>
        <translation>Epsilon</translation>
    </message>
    <message>
        <source>Keeps AdamW and LAMB from dividing by nothing.</source>
        <translation>防止 AdamW 和 LAMB 除以零。</translation>
    </message>
    <message>
        <source>Momentum</source>
        <translation>动量</translation>
    </message>
    <message>
        <source>SGD&apos;s memory of the gradient.</source>
        <translation>SGD 对梯度的记忆系数。</translation>
    </message>
    <message>
        <source>Nesterov</source>
        <translation>Nesterov</translation>
    </message>
    <message>
        <source>SGD takes the gradient as if the momentum had moved it already.</source>
        <translation>SGD 取动量已先行移动后的梯度。</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Where it is computed; auto takes a GPU where this build and machine have one.</source>
        <translation>在哪里计算；auto 在程序和机器支持时使用 GPU。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>Threads that compute; 0 takes every core this process may use.</source>
        <translation>用于计算的线程数；0 表示使用此进程可用的所有核心。</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Prepared text encoder or folder whose weights the text tower starts from; empty starts from random numbers.</source>
        <translation>文本塔起始权重所在的已准备好的文本编码器或文件夹；留空则从随机数开始。</translation>
    </message>
    <message>
        <source>Frozen</source>
        <translation>冻结</translation>
    </message>
    <message>
        <source>Dotted paths of what does not learn, each with everything beneath it; * stands for any characters.</source>
        <translation>不学习的部分的点分路径，包括其下所有内容；* 代表任意字符。</translation>
    </message>
    <message>
        <source>Adapter rank</source>
        <translation>适配器秩</translation>
    </message>
    <message>
        <source>Rank of the low-rank adapters that learn in place of their layers&apos; weights; 0 adds none.</source>
        <translation>低秩适配器的秩，适配器代替所在层的权重学习；0 表示不添加。</translation>
    </message>
    <message>
        <source>Adapter strength</source>
        <translation>适配器强度</translation>
    </message>
    <message>
        <source>What an adapter adds is multiplied by this over its rank.</source>
        <translation>适配器的增量乘以此值再除以其秩。</translation>
    </message>
    <message>
        <source>Adapter dropout</source>
        <translation>适配器 Dropout</translation>
    </message>
    <message>
        <source>Share of an adapter&apos;s inputs dropped while training.</source>
        <translation>训练时丢弃的适配器输入比例。</translation>
    </message>
    <message>
        <source>Adapted</source>
        <translation>适配部分</translation>
    </message>
    <message>
        <source>Dotted paths whose linear layers get adapters, written as finetune.freeze.</source>
        <translation>其线性层要添加适配器的点分路径，写法同 finetune.freeze。</translation>
    </message>
    <message>
        <source>Decay by layer</source>
        <translation>逐层衰减</translation>
    </message>
    <message>
        <source>Each block of the text encoder learns this many times as fast as the one above it.</source>
        <translation>文本编码器每一块的学习速度为其上一块的多少倍。</translation>
    </message>
    <message>
        <source>Number format</source>
        <translation>数值格式</translation>
    </message>
    <message>
        <source>Format in which products and activations are computed; parameters stay fp32, and dynamic chooses for each layer while training.</source>
        <translation>矩阵乘法和激活值的计算格式；参数保持 fp32，dynamic 在训练中为每层选择。</translation>
    </message>
    <message>
        <source>Error budget</source>
        <translation>误差预算</translation>
    </message>
    <message>
        <source>Relative error of products, averaged by their work, that dynamic may spend on lower formats.</source>
        <translation>dynamic 为使用更低格式可接受的矩阵乘法相对误差，按计算量平均。</translation>
    </message>
    <message>
        <source>Loss budget</source>
        <translation>损失预算</translation>
    </message>
    <message>
        <source>Relative change of a step&apos;s loss, summed over all layers, that dynamic may spend on lower formats.</source>
        <translation>dynamic 为使用更低格式可接受的每步损失相对变化，所有层合计。</translation>
    </message>
    <message>
        <source>Decide every</source>
        <translation>决策间隔</translation>
    </message>
    <message>
        <source>Distance between measurements and decisions of dynamic.</source>
        <translation>dynamic 两次测量与决策之间的间隔。</translation>
    </message>
    <message>
        <source>Alarming loss</source>
        <translation>损失警戒</translation>
    </message>
    <message>
        <source>How far a loss may rise above its moving mean before dynamic goes back to a copy in memory and computes in bf16 for a while.</source>
        <translation>损失高出其移动均值多少时，dynamic 回到内存中的副本，并改用 bf16 计算一段时间。</translation>
    </message>
    <message>
        <source>deviations</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>Steps in bf16</source>
        <translation>bf16 步数</translation>
    </message>
    <message>
        <source>How long dynamic stays in bf16 after an alarming loss.</source>
        <translation>损失触发警戒后 dynamic 使用 bf16 的时长。</translation>
    </message>
    <message>
        <source>Repeat decisions of</source>
        <translation>重复决策来源</translation>
    </message>
    <message>
        <source>Folder of a run whose decisions dynamic repeats to the bit instead of deciding.</source>
        <translation>一个运行的文件夹，dynamic 逐位重复其决策而不自行决策。</translation>
    </message>
    <message>
        <source>Master weights</source>
        <translation>主权重</translation>
    </message>
    <message>
        <source>What the weights of products learn in; in bf16, small steps are kept by rounding at random or by a second bf16 number.</source>
        <translation>矩阵乘法的权重以何种格式学习；在 bf16 下，小的更新通过随机舍入或第二个 bf16 数保留。</translation>
    </message>
    <message>
        <source>Moments</source>
        <translation>矩估计</translation>
    </message>
    <message>
        <source>Format of AdamW&apos;s memories of the gradient and its square.</source>
        <translation>AdamW 对梯度及其平方的记忆所用的格式。</translation>
    </message>
    <message>
        <source>Key blocks</source>
        <translation>关键块</translation>
    </message>
    <message>
        <source>Blocks at each end of a stack that stay out of FP8.</source>
        <translation>堆叠两端不使用 FP8 的块数。</translation>
    </message>
    <message>
        <source>Exact scales</source>
        <translation>精确缩放</translation>
    </message>
    <message>
        <source>FP8 scales are any fp32 number instead of powers of two.</source>
        <translation>FP8 缩放可为任意 fp32 数，而非 2 的幂。</translation>
    </message>
    <message>
        <source>History</source>
        <translation>历史</translation>
    </message>
    <message>
        <source>Steps whose largest magnitudes decide the scales of fp8-delayed.</source>
        <translation>以多少步内的最大幅值决定 fp8-delayed 的缩放。</translation>
    </message>
    <message>
        <source>Loss scale</source>
        <translation>损失缩放</translation>
    </message>
    <message>
        <source>Power of two that fp16 multiplies the loss by at first, so that small gradients are not lost.</source>
        <translation>fp16 起初给损失乘上的 2 的幂，使小梯度不致丢失。</translation>
    </message>
    <message>
        <source>Scale grows after</source>
        <translation>缩放增长间隔</translation>
    </message>
    <message>
        <source>Steps without overflow after which fp16 doubles the loss scale.</source>
        <translation>连续多少步不溢出后，fp16 将损失缩放加倍。</translation>
    </message>
    <message>
        <source>Replicas</source>
        <translation>副本</translation>
    </message>
    <message>
        <source>Copies of the model that share each batch, each a process of its own.</source>
        <translation>分担每个批次的模型副本，每个副本是一个独立进程。</translation>
    </message>
    <message>
        <source>ranks</source>
        <translation>rank</translation>
    </message>
    <message>
        <source>Tensor shards</source>
        <translation>张量并行</translation>
    </message>
    <message>
        <source>Ranks that share the model's large matrices: a part of the attention heads, the feed-forward width and the vocabulary each.</source>
        <translation>分担模型大矩阵的 rank 数：各持一部分注意力头、前馈宽度和词表。</translation>
    </message>
    <message>
        <source>Split tokens</source>
        <translation>切分词元</translation>
    </message>
    <message>
        <source>Whether those ranks also share the tokens between the matrices, which needs less memory.</source>
        <translation>这些 rank 是否在矩阵之间也分担词元，这样所需内存更少。</translation>
    </message>
    <message>
        <source>Pipeline ranks</source>
        <translation>流水线并行</translation>
    </message>
    <message>
        <source>Ranks that share the layers, each with one or two stages of the model.</source>
        <translation>分担各层的 rank 数，每个 rank 负责模型的一两个阶段。</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>调度</translation>
    </message>
    <message>
        <source>Order in which pipeline stages work on micro-batches: interleaved, zb-v, v-half and v-min give each rank two stages, search looks for the fastest with the memory of 1f1b.</source>
        <translation>流水线各阶段处理微批次的顺序：interleaved、zb-v、v-half 和 v-min 给每个 rank 两个阶段，search 在 1f1b 的内存内寻找最快的顺序。</translation>
    </message>
    <message>
        <source>Micro-batches</source>
        <translation>微批次</translation>
    </message>
    <message>
        <source>Parts a batch is cut into, of all replicas together: less memory, more time.</source>
        <translation>一个批次切成的份数，所有副本合计：内存更少，时间更长。</translation>
    </message>
    <message>
        <source>Sharded state</source>
        <translation>状态分片</translation>
    </message>
    <message>
        <source>What replicas hold only a part of: the optimizer's state, then the gradients, then the parameters too. The numbers stay the same.</source>
        <translation>副本只持有一部分的内容：先是优化器状态，再是梯度，最后是参数。数值不变。</translation>
    </message>
    <message>
        <source>Gradient exchange</source>
        <translation>梯度交换</translation>
    </message>
    <message>
        <source>Number format in which replicas exchange gradients.</source>
        <translation>副本交换梯度所用的数值格式。</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>Balance</source>
        <translation>负载均衡</translation>
    </message>
    <message>
        <source>Whether work is shared out again at checkpoints by what it was measured to take: micro-batches between replicas where one is slow, or in a pipeline layers between stages. The numbers stay those of one process.</source>
        <translation>是否在检查点处按实测用时重新分配工作：某个副本较慢时在副本间重分微批次，在流水线中则在阶段间重分各层。数值与单进程相同。</translation>
    </message>
    <message>
        <source>Deadline</source>
        <translation>时限</translation>
    </message>
    <message>
        <source>How long ranks wait for one another in an exchange; one that has been stopped is then replaced.</source>
        <translation>各 rank 在交换中相互等待的时间；停住的 rank 随后会被替换。</translation>
    </message>
    <message>
        <source>Checkpoint every</source>
        <translation>检查点间隔</translation>
    </message>
    <message>
        <source>Distance between checkpoints; 0 writes one at the end only.</source>
        <translation>两个检查点之间的间隔；0 表示只在结束时写入一个。</translation>
    </message>
    <message>
        <source>Checkpoints kept</source>
        <translation>保留检查点</translation>
    </message>
    <message>
        <source>How many of the newest checkpoints stay on the disk.</source>
        <translation>磁盘上保留多少个最新的检查点。</translation>
    </message>
    <message>
        <source>Copies in memory</source>
        <translation>内存副本</translation>
    </message>
    <message>
        <source>Where ranks share the state, each keeps its part of the last two steps in memory that outlives it, twice what it holds: when a rank is lost, one step is taken again instead of all since the last checkpoint.</source>
        <translation>各 rank 分担状态时，每个 rank 把最近两步的自身部分保存在不随其消失的内存中，占用为其所持的两倍：丢失 rank 时只需重做一步，而不必重做上个检查点以来的全部步。</translation>
    </message>
    <message>
        <source>checkpoints</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>Evaluate every</source>
        <translation>评估间隔</translation>
    </message>
    <message>
        <source>Distance between evaluations; 0 evaluates at the start and the end only.</source>
        <translation>两次评估之间的间隔；0 表示只在开始和结束时评估。</translation>
    </message>
    <message>
        <source>Probes</source>
        <translation>探测查询</translation>
    </message>
    <message>
        <source>Fixed queries in each direction whose best answers are recorded at every evaluation.</source>
        <translation>每个方向上的固定查询，每次评估都记录其最佳答案。</translation>
    </message>
    <message>
        <source>queries</source>
        <translation>查询</translation>
    </message>
</context>
</TS>
