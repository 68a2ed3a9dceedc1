using System.Buffers;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>Turns a decoded image into a network's input with a random <see cref="Augmentation"/>. Thread-safe.</summary>
internal sealed class Augmenter(Augmentation augmentation, Preprocessing preprocessing)
{
    private readonly Preprocessing fitting = preprocessing with { Invert = Inversion.Never };
    private readonly Affine affine = new(augmentation, preprocessing);
    private readonly ColorJitter jitter = new(augmentation, preprocessing);

    /// <summary>Augments and preprocesses a decoded image.</summary>
    /// <param name="image">The decoded image.</param>
    /// <param name="random">The source of the augmentation's parameters.</param>
    /// <param name="tensor">Receives the input, [C, H, W].</param>
    public void Apply(Pixels image, ref SeededRandom random, Span<float> tensor)
    {
        var fitted = augmentation.Crop < 1
            ? Preprocessor.Fit(image, RandomCrop.Draw(image, augmentation.Crop, ref random), fitting)
            : Preprocessor.Fit(image, fitting);
        if (affine.HasEffect)
        {
            var plain = ArrayPool<float>.Shared.Rent(tensor.Length);
            Preprocessor.Normalize(fitted, fitting, plain.AsSpan(0, tensor.Length));
            affine.Apply(plain.AsSpan(0, tensor.Length), ref random, tensor);
            ArrayPool<float>.Shared.Return(plain);
        }
        else
        {
            Preprocessor.Normalize(fitted, fitting, tensor);
        }

        if (augmentation.Flip > 0 && random.NextDouble() < augmentation.Flip)
        {
            int width = preprocessing.Crop[1];
            for (int row = 0; row < tensor.Length; row += width)
            {
                tensor.Slice(row, width).Reverse();
            }
        }

        jitter.Apply(tensor, ref random);
    }
}
