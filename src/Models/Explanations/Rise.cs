using Fovea.Models.Graphs;
using Fovea.Models.Layers;

namespace Fovea.Models.Explanations;

// M1, M2, ... are random masks, 0 to 1, and p(M) the probability of the class in the image seen through a mask.
// map = sum over i of p(Mi) Mi / sum over i of Mi, minus its least value.

/// <summary>
/// RISE (Petsiuk, Das and Saenko, 2018): 512 random masks hide half of the image behind its mean colour. A place speaks for a class if the
/// class is likelier when the place is seen. The network is run, and not looked into.
/// </summary>
internal static class Rise
{
    private const int Masks = 512;

    // The cells of a mask in each direction; smaller images have larger cells.
    private const int MostCells = 7, LeastCellSide = 4;

    private const float Kept = 0.5f;

    /// <summary>Explains a class of one image.</summary>
    /// <param name="runs">The model.</param>
    /// <param name="image">The preprocessed image, [C, H, W].</param>
    /// <param name="shape">[C, H, W].</param>
    /// <param name="target">The index of the class.</param>
    /// <param name="seed">The seed of the masks.</param>
    /// <param name="stop">Ends the work between two runs.</param>
    public static HeatMap Run(ForwardRuns runs, float[] image, Shape shape, int target, long seed, CancellationToken stop)
    {
        int height = shape[1], width = shape[2];
        var masked = new MaskedImage(image, shape);
        var mask = new float[height * width];
        var random = new SeededRandom(seed);
        var probabilities = runs.Probabilities(Masks, Draw, target, stop);

        // The masks are drawn again: keeping all of them would take 100 MiB.
        random = new SeededRandom(seed);
        var (weighted, total) = (new float[mask.Length], new float[mask.Length]);
        foreach (double probability in probabilities)
        {
            DrawMask(ref random, mask, height, width);
            for (int i = 0; i < mask.Length; i++)
            {
                weighted[i] += (float)probability * mask[i];
                total[i] += mask[i];
            }
        }

        float[] means = [.. weighted.Zip(total, (sum, weight) => sum / Math.Max(weight, 1))];
        float least = means.Min();
        return HeatMap.Of(height, width, Array.ConvertAll(means, mean => mean - least));

        void Draw(int i, Span<float> place)
        {
            DrawMask(ref random, mask, height, width);
            masked.Blend(mask, masked.Grey, place);
        }
    }

    // A grid of cells that are kept or hidden, shifted by a random part of a cell and interpolated.
    private static void DrawMask(ref SeededRandom random, float[] mask, int height, int width)
    {
        var (cellHeight, rows, top) = Cells(ref random, height);
        var (cellWidth, columns, left) = Cells(ref random, width);
        var cells = new float[rows * columns];
        foreach (ref float cell in cells.AsSpan())
        {
            cell = random.Uniform(0, 1) < Kept ? 1 : 0;
        }

        for (int y = 0; y < height; y++)
        {
            int row = (y + top) / cellHeight;
            float down = (float)((y + top) % cellHeight) / cellHeight;
            for (int x = 0; x < width; x++)
            {
                int at = (row * columns) + ((x + left) / cellWidth);
                float right = (float)((x + left) % cellWidth) / cellWidth;
                float above = cells[at] + ((cells[at + 1] - cells[at]) * right);
                float below = cells[at + columns] + ((cells[at + columns + 1] - cells[at + columns]) * right);
                mask[(y * width) + x] = above + ((below - above) * down);
            }
        }
    }

    private static (int Size, int Count, int Shift) Cells(ref SeededRandom random, int side)
    {
        int size = Math.Max((side + MostCells - 1) / MostCells, LeastCellSide);
        return (size, (side / size) + 3, random.Below(size));
    }
}
