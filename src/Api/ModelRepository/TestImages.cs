using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;

namespace Fovea.Api.ModelRepository;

/// <summary>Four test images, with the model's preprocessing: black, white, grey and noise.</summary>
internal sealed class TestImages
{
    /// <summary>The number of images.</summary>
    public const int Count = 4;

    private static readonly string[] Names = ["a black image", "a white image", "a grey image", "an image of noise"];

    private readonly float[][] tensors;

    /// <summary>Makes and preprocesses the images.</summary>
    /// <param name="preprocessing">The model's preprocessing. Each image has the size of the preprocessing's crop.</param>
    public TestImages(Preprocessing preprocessing)
    {
        int length = (int)preprocessing.Shape.Size;
        var noise = new byte[length];
        new Random(1).NextBytes(noise);
        tensors = Array.ConvertAll((byte[][])[Of(0), Of(255), Of(128), noise], values =>
        {
            var tensor = new float[length];
            var pixels = new Pixels(preprocessing.Crop[1], preprocessing.Crop[0], preprocessing.Channels, values);
            Preprocessor.Normalize(pixels, preprocessing, tensor);
            return tensor;
        });

        byte[] Of(byte value)
        {
            var values = new byte[length];
            Array.Fill(values, value);
            return values;
        }
    }

    /// <summary>Writes the images in turn into the slots of a batch, until all its slots are full.</summary>
    /// <param name="batch">The batch to fill.</param>
    /// <param name="first">The index of the image in the first slot, 0 to 3.</param>
    public void Fill(InferenceBatch batch, int first)
    {
        for (int slot = 0; slot < batch.Capacity; slot++)
        {
            tensors[(first + slot) % Count].CopyTo(batch.Slot(slot));
        }
    }

    /// <summary>Refuses a model if an output is not a finite number.</summary>
    /// <param name="batch">A batch that has been filled and run.</param>
    /// <param name="count">The number of slots that were run.</param>
    /// <param name="first">The index of the image in the first slot, 0 to 3.</param>
    /// <param name="givesProbabilities">
    /// Whether the model's outputs are probabilities. Its logits are then the logarithms of the probabilities, and minus infinity, the
    /// logarithm of 0, is allowed.
    /// </param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadModelFile"/>: an output is not finite.</exception>
    public static void RequireFinite(InferenceBatch batch, int count, int first, bool givesProbabilities)
    {
        for (int slot = 0; slot < count; slot++)
        {
            foreach (float logit in batch.Logits(slot))
            {
                if (!float.IsFinite(logit) && !(givesProbabilities && float.IsNegativeInfinity(logit)))
                {
                    throw new FoveaException(
                        ErrorCode.BadModelFile,
                        $"The model gives {NameOf(logit)} for {Names[(first + slot) % Count]}; expected finite numbers for every image.");
                }
            }
        }
    }

    private static string NameOf(float number) => float.IsNaN(number) ? "NaN" : number > 0 ? "infinity" : "minus infinity";
}
