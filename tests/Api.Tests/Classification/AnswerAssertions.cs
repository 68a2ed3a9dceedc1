using System.Text.Json;

namespace Fovea.Api.Tests.Classification;

internal static class AnswerAssertions
{
    /// <summary>
    /// Asserts that two answers of <c>/classify</c> have the same labels and equal probabilities to within 1e-5. A model's sessions round
    /// differently, and any of them may answer.
    /// </summary>
    public static void IsLike(this JsonElement answer, JsonElement expected)
    {
        var (actual, wanted) = (Probabilities(answer), Probabilities(expected));
        Assert.Equal(wanted.Keys.Order(), actual.Keys.Order());
        Assert.All(wanted, prediction => Assert.Equal(prediction.Value, actual[prediction.Key], 1e-5));
    }

    private static Dictionary<string, double> Probabilities(JsonElement answer) =>
        answer.GetProperty("predictions").EnumerateArray().ToDictionary(
            prediction => prediction.GetProperty("label").GetString()!,
            prediction => prediction.GetProperty("probability").GetDouble());
}
