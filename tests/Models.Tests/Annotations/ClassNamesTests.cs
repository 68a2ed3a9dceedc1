using Fovea.Models.Annotations;
using Fovea.Models.Errors;

namespace Fovea.Models.Tests.Annotations;

public class ClassNamesTests
{
    [Fact]
    public void Numbers_sort_by_value_and_names_as_text()
    {
        string[] numbers = [.. Enumerable.Range(0, 12).Select(i => $"{i}")];
        Assert.Equal(numbers, ClassNames.Sorted(numbers.Order(StringComparer.Ordinal)));
        Assert.Equal(["1", "10", "2", "x"], ClassNames.Sorted(["2", "x", "10", "1", "2"]));
        Assert.Equal(["001", "2", "0010"], ClassNames.Sorted(["0010", "2", "001"]));
    }

    [Theory]
    [InlineData("zebra,ant,yak", "ant,yak,zebra", "1,2,0")]
    [InlineData("zebra,ant,yak", "yak", "2")]
    [InlineData("0,1,2,3,4,5,6,7", "007,2", "7,2")]
    [InlineData("007,003", "3,7", "1,0")]
    [InlineData("Ant,bee", "ant,BEE", "0,1")]
    [InlineData("ant,ANT", "ANT,ant", "1,0")]
    public void Class_is_found_by_name_never_by_place(string labels, string names, string outputs) =>
        Assert.Equal(outputs, string.Join(',', ClassNames.Match(names.Split(','), labels.Split(','))));

    [Theory]
    [InlineData("ant,bee", "ant,wasp,fly", "The model has no class wasp, fly; expected some of its classes: ant, bee.")]
    [InlineData("0,1,2", "ant", "The model has no class ant; expected some of its classes: 0, 1, 2.")]
    [InlineData("crane,ant,crane", "crane", "The class crane matches the labels of the model's outputs 0 and 2")]
    [InlineData("7,8", "7,07", "The classes 7 and 07 are both the model's class 7")]
    public void Class_that_is_not_there_or_not_unique_is_named(string labels, string names, string reason)
    {
        var error = Assert.Throws<FoveaException>(() => ClassNames.Match(names.Split(','), labels.Split(',')));
        Assert.Equal(ErrorCode.BadDataset, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
