namespace Fovea.Models.Kernels;

// y = A' ((G w G') . (B' x B)) A gives 4x4 outputs for a tile x of 6x6 pixels and a filter w of 3x3; . is the elementwise product, summed
// over the input channels. For each of the 36 coefficients (an element of the transformed tile), the sums over all channels are a matrix
// product, [tiles, channels] by [channels, filters].

/// <summary>
/// Computes a 3x3 convolution with stride 1 by Winograd's minimal filtering F(4x4, 3x3): sixteen outputs need 36 multiplications per
/// channel instead of 144. Bias, an addend of the output's shape and a ReLU are included. (Lavin and Gray, Fast Algorithms for
/// Convolutional Neural Networks, 2016, https://arxiv.org/abs/1509.09308.)
/// </summary>
/// <remarks>
/// A run works on blocks of some dozen tiles. The transformed tiles of a block and their products stay in the processor's cache; as
/// standard operators, each transformation would be a pass through memory.
/// </remarks>
internal sealed unsafe class WinogradKernel : OperatorKernel
{
    private const int Coefficients = WinogradShape.Tile * WinogradShape.Tile;

    // The number of tiles in a block. The transformed weights are read once for each block, so a block should not be small. With the
    // largest networks, the coefficients of a block have about 10 MB.
    private const int MostTiles = 64;

    // Planes that are a power of two apart would compete for the same lines of the cache, so a line is left free between them.
    private const int Gap = 16;

    private readonly WinogradShape shape;

    // The transformed weights; null if the weights change from run to run, as in training. Each run then transforms them.
    private readonly WinogradWeights? constant;

    /// <summary>Prepares a node.</summary>
    /// <param name="shape">The sizes of the convolution.</param>
    /// <param name="weights">The tensor of the weights if they are constant, else 0.</param>
    public WinogradKernel(WinogradShape shape, nint weights)
    {
        this.shape = shape;
        constant = weights == 0
            ? null
            : SharedWeights.Take(RuntimeApi.Floats(weights), shape.Filters, shape.Channels, shape.Reversed);
        TileScratch.AddUser();
    }

    /// <summary>Runs the convolution on the inputs x, w, bias and, if there is one, addend.</summary>
    /// <param name="context">The run of the node in ONNX Runtime.</param>
    public override void Compute(nint context)
    {
        nint x = RuntimeApi.Input(context, 0), addend = RuntimeApi.InputCount(context) > 3 ? RuntimeApi.Input(context, 3) : 0;
        long images = RuntimeApi.Count(x) / ((long)shape.Channels * shape.Height * shape.Width);
        nint y = RuntimeApi.Output(context, images, shape.Filters, shape.Rows, shape.Columns);
        if (addend != 0 && RuntimeApi.Count(addend) != RuntimeApi.Count(y))
        {
            throw new InvalidOperationException(
                $"The addend of a {CustomOperators.Winograd} has {RuntimeApi.Count(addend)} elements; expected {RuntimeApi.Count(y)}.");
        }

        nint bias = RuntimeApi.Input(context, 2);
        if (RuntimeApi.Count(bias) != shape.Filters)
        {
            throw new InvalidOperationException(
                $"The bias of a {CustomOperators.Winograd} has {RuntimeApi.Count(bias)} elements; expected {shape.Filters}.");
        }

        var run = new Run
        {
            X = RuntimeApi.Floats(x),
            Bias = RuntimeApi.Floats(bias),
            Addend = addend == 0 ? null : RuntimeApi.Floats(addend),
            Y = RuntimeApi.Floats(y),
            Tiles = checked((int)images * shape.TilesDown * shape.TilesAcross),
        };
        if (run.Tiles == 0)
        {
            return;
        }

        if (constant is not null)
        {
            run.Weights = constant.Panels;
            ComputeAll(context, run);
            return;
        }

        using var scratch = new TileScratch(WeightPanels.Floats(shape.Filters, shape.Channels));
        run.Weights = new(scratch.Start, shape.Filters, shape.Channels, shape.Reversed);
        Transform(context, run.Weights);
        ComputeAll(context, run);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (constant is not null)
        {
            SharedWeights.Return(constant);
        }

        TileScratch.RemoveUser();
        base.Dispose();
    }

    // Transforms the weights of one run.
    private void Transform(nint context, WeightPanels panels)
    {
        nint given = RuntimeApi.Input(context, 1);
        if (RuntimeApi.Count(given) != 9L * shape.Filters * shape.Channels)
        {
            throw new InvalidOperationException(
                $"The weights of a {CustomOperators.Winograd} have {RuntimeApi.Count(given)} elements; "
                + $"expected {9L * shape.Filters * shape.Channels}.");
        }

        float* weights = RuntimeApi.Floats(given);
        RuntimeApi.Parallel(context, panels.Parts, part => panels.Transform(weights, part));
    }

    private void ComputeAll(nint context, Run run)
    {
        Divide(ref run);
        if (shape.Threads == 1)
        {
            for (int task = 0; task < run.Blocks * run.Shares; task++)
            {
                Compute(run, task);
            }
        }
        else
        {
            InParallel(context, run);
        }
    }

    // Divides the tiles into blocks. If there are fewer blocks than threads, the filters are divided into shares too.
    private void Divide(ref Run run)
    {
        int groups = (run.Tiles + TileProducts.Rows - 1) / TileProducts.Rows, most = MostTiles / TileProducts.Rows;
        int blocks = Math.Max((groups + most - 1) / most, Math.Min(shape.Threads, groups));
        run.BlockTiles = (groups + blocks - 1) / blocks * TileProducts.Rows;
        run.Blocks = (run.Tiles + run.BlockTiles - 1) / run.BlockTiles;
        int shares = Math.Clamp((shape.Threads + run.Blocks - 1) / run.Blocks, 1, run.Weights.Count);
        run.SharePanels = (run.Weights.Count + shares - 1) / shares;
        run.Shares = (run.Weights.Count + run.SharePanels - 1) / run.SharePanels;
    }

    // A method of its own, because a run on one thread needs no object for the captured variables.
    private void InParallel(nint context, Run run) =>
        RuntimeApi.Parallel(context, run.Blocks * run.Shares, task => Compute(run, task));

    // Computes a share of the filters for a block of tiles.
    private void Compute(in Run run, int task)
    {
        int first = task / run.Shares * run.BlockTiles, count = Math.Min(run.BlockTiles, run.Tiles - first);
        int firstPanel = task % run.Shares * run.SharePanels, panels = Math.Min(run.SharePanels, run.Weights.Count - firstPanel);
        int width = panels * TileProducts.Panel;
        nint tilePlane = ((nint)run.BlockTiles * shape.Channels) + Gap, productPlane = ((nint)run.BlockTiles * width) + Gap;
        int stripFloats = Math.Max(TileReader.StripFloats(shape), TileWriter.StripFloats(shape));
        using var scratch = new TileScratch(checked((int)(Coefficients * (tilePlane + productPlane)) + stripFloats));
        float* strip = scratch.Start + (Coefficients * (tilePlane + productPlane));
        var tiles = new TilePlanes(scratch.Start, tilePlane, shape.Channels);
        var products = new TilePlanes(scratch.Start + (Coefficients * tilePlane), productPlane, width);
        for (int done = 0; done < count;)
        {
            var row = TileRow.At(shape, first + done, count - done);
            float* image = run.X + ((nint)row.Image * shape.Channels * shape.Height * shape.Width);
            TileReader.Read(shape, row, image, strip, tiles.From(done, 0));
            done += row.Count;
        }

        Multiply(run.Weights, tiles, products, count, firstPanel, panels);
        int firstFilter = firstPanel * TileProducts.Panel, end = Math.Min(shape.Filters, firstFilter + width);
        for (int done = 0; done < count;)
        {
            var row = TileRow.At(shape, first + done, count - done);
            for (int filter = firstFilter; filter < end; filter += TileTransforms.Lanes)
            {
                nint offset = (((nint)row.Image * shape.Filters) + filter) * shape.Rows * shape.Columns;
                float* addend = run.Addend is null ? null : run.Addend + offset;
                TileWriter.Write(shape, row, products.From(done, filter - firstFilter), run.Bias + filter, strip, addend, run.Y + offset);
            }

            done += row.Count;
        }
    }

    // A whole group of tiles is multiplied even if only some of its tiles exist; the products of the others are never read.
    private void Multiply(in WeightPanels weights, TilePlanes tiles, TilePlanes products, int count, int firstPanel, int panels)
    {
        for (int coefficient = 0; coefficient < Coefficients; coefficient++)
        {
            for (int panel = 0; panel < panels; panel++)
            {
                float* filters = weights.Panel(coefficient, firstPanel + panel);
                for (int tile = 0; tile < count; tile += TileProducts.Rows)
                {
                    TileProducts.Compute(
                        tiles.At(coefficient, tile), tiles.Stride, filters, shape.Channels,
                        products.At(coefficient, tile) + (panel * TileProducts.Panel), products.Stride);
                }
            }
        }
    }

    // One run: its tensors, and how it is divided.
    private struct Run
    {
        public float* X, Bias, Addend, Y;
        public int Tiles, BlockTiles, Blocks, SharePanels, Shares;
        public WeightPanels Weights;
    }
}
