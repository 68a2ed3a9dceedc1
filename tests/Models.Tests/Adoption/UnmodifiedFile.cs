using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Runs a file as it is, without adoption, in ONNX Runtime. Its outputs are the right answers for the adopted file.</summary>
internal static class UnmodifiedFile
{
    /// <summary>The first output for <see cref="ForeignNetwork.Image"/>, as a batch of copies of it.</summary>
    /// <param name="path">The file, with one input [N, 3, 8, 8] of floats.</param>
    /// <param name="images">The number of copies.</param>
    public static float[] Run(string path, int images = 1)
    {
        var preprocessing = ForeignNetwork.Json().Preprocessing!;
        var one = new float[3 * ForeignNetwork.Side * ForeignNetwork.Side];
        Preprocessor.Normalize(Preprocessor.Fit(ForeignNetwork.Image, new ImageLimits(), preprocessing), preprocessing, one);
        float[] batch = [.. Enumerable.Repeat(one, images).SelectMany(image => image)];
        using var session = new InferenceSession(path);
        using var input = OrtValue.CreateTensorValueFromMemory(batch, [images, 3, ForeignNetwork.Side, ForeignNetwork.Side]);
        using var run = new RunOptions();
        using var outputs = session.Run(run, session.InputNames, [input], session.OutputNames.Take(1).ToArray());
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    /// <summary>Fails unless the service's classifier answers with the probabilities that the unmodified file computes.</summary>
    public static void AssertSameAnswer(string path) =>
        ForeignNetwork.AssertAnswer([.. Run(path).Select(probability => (double)probability)], ForeignNetwork.Answer(path));

    /// <summary>Fails unless each node of the adopted file has a gradient rule, so that all layers can be fine-tuned.</summary>
    public static Graph AssertTrainable(string path)
    {
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json()).Graph;
        Assert.All(adopted.Nodes.Where(node => node.Output.Type == ElementType.Float), node =>
            Assert.True(OperatorTable.Find(node)?.IsDifferentiable, $"{node.Op} has no gradient rule."));
        return adopted;
    }
}
