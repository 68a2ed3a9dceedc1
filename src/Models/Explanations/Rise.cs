using Fovea.Models.Graphs;
using Fovea.Models.Layers;

namespace Fovea.Models.Explanations;

// M1, M2, ... are random masks with values from 0 to 1, and p(M) is the probability of the class for the masked image.
// map = sum over i of p(Mi) Mi / sum over i of Mi, minus its smallest value.

/// <summary>
/// RISE (Petsiuk, Das and Saenko, 2018): 512 random masks each hide about half of the image behind its mean colour. A place is evidence for
/// a class if the class is likelier when the place is visible. The method only runs the network, so it works for any network.
/// </summary>
internal static class Rise
{
    private const int Masks = 512;

    // A mask has at most MostCells cells in each direction, and fewer for small images, so that a cell's side is at least LeastCellSide.
    private const int MostCells = 7, LeastCellSide = 4;

    private const float Kept = 0.5f;

    /// <summary>Explains a class of one image.</summary>
    /// <param name="runs">Runs the model.</param>
    /// <param name="image">The preprocessed image, [C, H, W].</param>
    /// <param name="shape">The shape of the image, [C, H, W].</param>
    /// <param name="target">The index of the class.</param>
    /// <param name="seed">The seed of the masks.</param>
    /// <param name="stop">Cancels the work between two runs.</param>
    public static HeatMap Run(ForwardRuns runs, float[] image, Shape shape, int target, long seed, CancellationToken stop)
    {
        int height = shape[1], width = shape[2];
        var masked = new MaskedImage(image, shape);
        var mask = new float[height * width];
        var random = new SeededRandom(seed);
        var probabilities = runs.Probabilities(Masks, Draw, target, stop);

        // The masks are drawn a second time from the same seed, because storing all of them would take 100 MiB.
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

    // Draws a mask: a grid of cells, each visible or hidden at random, shifted by a random fraction of a cell, and interpolated.
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
