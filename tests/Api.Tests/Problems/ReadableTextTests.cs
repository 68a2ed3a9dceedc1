using Fovea.Api.Problems;

namespace Fovea.Api.Tests.Problems;

public sealed class ReadableTextTests
{
    [Fact]
    public void Long_text_of_a_client_is_cut_and_the_expected_value_stays()
    {
        var problem = Problem.Of(ServiceError.MalformedRequest, $"suffix is {new string('x', 60_000)}; expected 1 to 64 letters.");
        Assert.Equal(1_000, problem.Detail.Length);
        Assert.StartsWith("suffix is xxx", problem.Detail, StringComparison.Ordinal);
        Assert.EndsWith("; expected 1 to 64 letters.", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\u0000b\u001bc", "a\uFFFDb\uFFFDc")]
    [InlineData("a\ud83d\ude00b", "a\ud83d\ude00b")]
    [InlineData("two\nlines", "two\nlines")]
    public void Characters_that_cannot_be_shown_are_replaced(string text, string shown) => Assert.Equal(shown, ReadableText.Of(text));

    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced() => Assert.Equal("a\uFFFDb", ReadableText.Of($"a{'\ud800'}b"));
}
