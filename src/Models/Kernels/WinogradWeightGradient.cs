using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

// dW = A' (sum over tiles (G d G') . (B' x B)) A, F(3x3, 4x4): a tile x of 6x6 pixels and the gradient d of its 4x4 outputs give 3x3 sums.
// For each of the 36 coefficients, the sums over all tiles are a matrix product, [channels, tiles] by [tiles, filters].

/// <summary>
/// Computes the gradient of a 3x3 convolution's weights by Winograd's minimal filtering: 36 multiplications for a tile instead of 144. The
/// inputs are the convolution's input x and the gradient dY of its output.
/// </summary>
/// <remarks>
/// A run works on blocks of tiles: threads transform the tiles of a block, and then add the products to the sums, each thread for other
/// coefficients. Each sum is added by one thread in the order of the tiles, so the result does not depend on the number of threads.
/// </remarks>
internal sealed unsafe class WinogradWeightGradient : OperatorKernel
{
    private const int Lanes = TileTransforms.Lanes, Tile = WinogradShape.Tile, Coefficients = Tile * Tile, Kernel = 9;

    // All sums are read and written once for each block, so a block should not be small.
    private const int BlockTiles = 128;

    // The number of tiles that a thread transforms at a time, and of channels whose sums it transforms back.
    private const int PartTiles = 16, PartChannels = 64;

    // A line between planes and between tiles keeps them from competing for the same lines of the cache.
    private const int Gap = 16;

    // The sizes of the convolution, and those of the gradient of its output, as if this were an image.
    private readonly WinogradShape shape, outputs;

    /// <summary>Prepares a node.</summary>
    /// <param name="shape">The sizes of the convolution.</param>
    public WinogradWeightGradient(WinogradShape shape)
    {
        this.shape = shape;
        outputs = shape with { Channels = shape.Filters, Height = shape.Rows, Width = shape.Columns, Top = 0, Left = 0 };
        TileScratch.AddUser();
    }

    private int Panels => (shape.Filters + TileProducts.Panel - 1) / TileProducts.Panel;

    private int Stride => shape.Channels + Gap;

    private nint SumPlane => ((nint)Panels * shape.Channels * TileProducts.Panel) + Gap;

    private nint TilePlane => ((nint)BlockTiles * Stride) + Gap;

    private nint GradientPlane => ((nint)Panels * BlockTiles * TileProducts.Panel) + Gap;

    /// <inheritdoc/>
    public override void Compute(nint context)
    {
        nint x = RuntimeApi.Input(context, 0), dY = RuntimeApi.Input(context, 1);
        long images = RuntimeApi.Count(x) / ((long)shape.Channels * shape.Height * shape.Width);
        if (RuntimeApi.Count(dY) != images * shape.Filters * shape.Rows * shape.Columns)
        {
            throw new InvalidOperationException(
                $"The gradient of a convolution has {RuntimeApi.Count(dY)} elements; "
                + $"expected {images * shape.Filters * shape.Rows * shape.Columns}.");
        }

        float* from = RuntimeApi.Floats(x), gradients = RuntimeApi.Floats(dY);
        float* to = RuntimeApi.Floats(RuntimeApi.Output(context, shape.Filters, shape.Channels, 3, 3));
        using var scratch = new TileScratch(checked((int)(Coefficients * (SumPlane + TilePlane + GradientPlane))));
        Sum(context, from, gradients, checked((int)images * shape.TilesDown * shape.TilesAcross), scratch.Start);
        float* sums = scratch.Start;
        int chunks = (shape.Channels + PartChannels - 1) / PartChannels;
        RuntimeApi.Parallel(context, Panels * chunks, part => Write(sums, part % Panels, part / Panels * PartChannels, to));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        TileScratch.RemoveUser();
        base.Dispose();
    }

    // Sums the products of all tiles. The sums are the first part of the memory.
    private void Sum(nint context, float* x, float* dY, int count, float* sums)
    {
        float* tiles = sums + (Coefficients * SumPlane), gradients = tiles + (Coefficients * TilePlane);
        RuntimeApi.Parallel(context, Coefficients, i => new Span<float>(sums + (i * SumPlane), (int)SumPlane).Clear());
        for (int block = 0; block < count; block += BlockTiles)
        {
            int first = block, length = Math.Min(BlockTiles, count - block), parts = (length + PartTiles - 1) / PartTiles;
            RuntimeApi.Parallel(context, 2 * parts, part =>
            {
                int from = part / 2 * PartTiles, size = Math.Min(PartTiles, length - from);
                if (part % 2 == 0)
                {
                    ReadTiles(x, first, from, size, tiles);
                }
                else
                {
                    ReadGradients(dY, first, from, size, gradients);
                }
            });
            RuntimeApi.Parallel(context, Coefficients, i => AddProducts(
                tiles + (i * TilePlane), gradients + (i * GradientPlane), sums + (i * SumPlane), length));
        }
    }

    private void ReadTiles(float* images, int first, int from, int count, float* tiles)
    {
        float* strip = stackalloc float[Tile * ((PartTiles * WinogradShape.Step) + 2) * Lanes];
        var planes = new TilePlanes(tiles, TilePlane, Stride);
        for (int done = 0; done < count;)
        {
            var row = TileRow.At(shape, first + from + done, count - done);
            float* image = images + ((nint)row.Image * shape.Channels * shape.Height * shape.Width);
            TileReader.Read(shape, row, image, strip, planes.From(from + done, 0));
            done += row.Count;
        }
    }

    private void ReadGradients(float* images, int first, int from, int count, float* gradients)
    {
        float* strip = stackalloc float[Tile * PartTiles * WinogradShape.Step * Lanes];
        nint plane = (nint)shape.Rows * shape.Columns;
        for (int done = 0; done < count;)
        {
            var row = TileRow.At(shape, first + from + done, count - done);
            for (int filter = 0; filter < shape.Filters; filter += Lanes)
            {
                int panel = filter / TileProducts.Panel, column = filter % TileProducts.Panel;
                var planes = new TilePlanes(
                    gradients + ((nint)panel * BlockTiles * TileProducts.Panel), GradientPlane, TileProducts.Panel);
                float* image = images + ((((nint)row.Image * shape.Filters) + filter) * plane);
                GradientTileReader.Read(outputs, row, image, strip, planes.From(from + done, column));
            }

            done += row.Count;
        }
    }

    // Adds the products of all tiles of a block for one coefficient.
    private void AddProducts(float* tiles, float* gradients, float* sums, int count)
    {
        for (int panel = 0; panel < Panels; panel++)
        {
            float* filters = gradients + ((nint)panel * BlockTiles * TileProducts.Panel);
            for (int channel = 0; channel < shape.Channels; channel += TileSums.Rows)
            {
                float* to = sums + ((((nint)panel * shape.Channels) + channel) * TileProducts.Panel);
                TileSums.Add(tiles + channel, Stride, filters, count, to);
            }
        }
    }

    // Transforms the sums of some channels and of a panel's filters back.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(float* sums, int panel, int firstChannel, float* dW)
    {
        float* rows = stackalloc float[Tile * 3 * Lanes], kernels = stackalloc float[Kernel * Lanes];
        int end = Math.Min(shape.Channels, firstChannel + PartChannels), firstFilter = panel * TileProducts.Panel;
        for (int filter = firstFilter; filter < Math.Min(shape.Filters, firstFilter + TileProducts.Panel); filter += Lanes)
        {
            for (int channel = firstChannel; channel < end; channel++)
            {
                float* from = sums + ((((nint)panel * shape.Channels) + channel) * TileProducts.Panel) + (filter - firstFilter);
                for (int row = 0; row < Tile; row++)
                {
                    TileTransforms.Kernels(from + (row * Tile * SumPlane), SumPlane, rows + (row * 3 * Lanes), Lanes);
                }

                for (int column = 0; column < 3; column++)
                {
                    TileTransforms.Kernels(rows + (column * Lanes), 3 * Lanes, kernels + (column * Lanes), 3 * Lanes);
                }

                for (int lane = 0; lane < Lanes; lane++)
                {
                    float* to = dW + ((((nint)(filter + lane) * shape.Channels) + channel) * Kernel);
                    for (int element = 0; element < Kernel; element++)
                    {
                        to[element] = kernels[(element * Lanes) + lane];
                    }
                }
            }
        }
    }
}
