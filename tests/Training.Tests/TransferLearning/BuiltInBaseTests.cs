using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Pretrained;
using Fovea.Models.Runtime;
using Fovea.Training.TransferLearning;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class BuiltInBaseTests
{
    [Fact]
    public void Features_are_those_of_the_package()
    {
        var model = BuiltInBase.Read();
        var pixels = new Pixels(224, 224, 3, [.. Enumerable.Range(0, 224 * 224 * 3).Select(i => (byte)((i * 7) + (i / 672)))]);
        var image = new float[model.Preprocessing.Shape.Size];
        Preprocessor.Normalize(Preprocessor.Fit(pixels, model.Preprocessing with { Resize = 224 }), model.Preprocessing, image);
        var features = Run(Sessions.Open(model.Head.Backbone(model.Preprocessing.Shape)), image, [1, 3, 224, 224]);

        // The package's own two files: one takes RGB of 0 to 255 and prepares it, the other computes the features.
        var rgb = new float[image.Length];
        for (int i = 0; i < rgb.Length; i++)
        {
            rgb[i] = pixels.Values[(i % (224 * 224) * 3) + (i / (224 * 224))];
        }

        using var preparation = Sessions.OpenLarge(PretrainedBases.BuiltInMeanImage);
        using var network = Sessions.OpenLarge(PretrainedBases.BuiltInNetwork);
        var expected = Run(network, Run(preparation, rgb, [1, 3, 224, 224]), [1, 3, 224, 224]);
        Assert.Equal(512, features.Length);
        Assert.All(features.Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-3f * (1 + Math.Abs(pair.Second))));
    }

    [Fact]
    public void Mean_image_is_not_learnt()
    {
        var model = BuiltInBase.Read();
        var network = model.Head.Replaced(
            model.Preprocessing.Shape, Tensor.Of(new Shape(2, 512), new float[1024]), Tensor.Of(new Shape(2), new float[2]));
        var mean = network.Initializers.Keys.Single(weight => weight.Name == "mean_image");
        var rates = TrainedLayers.Rates(network, FineTuningMethod.Full, 1);
        Assert.Equal(0, rates(mean));
        Assert.All(network.Initializers.Keys.Where(weight => weight.Shape.Rank == 4 && weight != mean), w => Assert.Equal(0.1, rates(w)));
        Assert.Equal(1, rates(network.Outputs[0].Producer![1]));
    }

    private static float[] Run(InferenceSession session, float[] images, long[] shape)
    {
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(images, shape);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
